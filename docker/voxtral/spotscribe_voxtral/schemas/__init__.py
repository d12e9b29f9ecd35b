"""JSON schemas that callers send for answers."""
