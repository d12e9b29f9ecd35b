"""Kokoro-82M through ONNX Runtime: needs no torch, and no program under the GPL."""
