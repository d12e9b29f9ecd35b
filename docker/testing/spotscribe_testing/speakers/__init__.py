"""Conversations whose truth is known, what a diarizer makes of them, and how wrong a result is."""
