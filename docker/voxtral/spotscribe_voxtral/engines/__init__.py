"""The engine that listens and writes."""
