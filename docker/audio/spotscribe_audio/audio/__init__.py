"""Untrusted media files: judged, decoded in bounded processes, and mixed to samples of one channel."""
