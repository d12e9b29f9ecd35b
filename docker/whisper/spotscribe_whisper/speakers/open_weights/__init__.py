"""Diarization with weights that everybody may fetch: segmentation-3.0 and the voice embedding CAM++."""
