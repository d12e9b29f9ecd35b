"""From spoken sentences to files and streams."""
