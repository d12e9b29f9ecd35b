"""Cleans up what a diarizer says: turns that are too short, interjections, and speakers who hardly speak."""
