"""The HTTP routes: they only translate."""
