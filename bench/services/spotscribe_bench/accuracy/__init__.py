"""The benchmark of accuracy: word errors of the Whisper service beside the bare libraries."""
