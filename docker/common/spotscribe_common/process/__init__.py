"""The process of a service: its start, its environment, its memory, and its end."""
