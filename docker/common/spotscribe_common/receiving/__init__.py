"""Receives the bodies of requests within bounds of number, size, speed and memory."""
