"""Spotscribe's transcription service."""
