"""Benchmarks of the speech service with Kokoro-82M."""
