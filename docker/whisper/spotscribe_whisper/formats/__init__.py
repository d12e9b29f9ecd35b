"""A transcript as a file: subtitles and plain text."""
