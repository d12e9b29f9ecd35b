"""Services that run, clients that call them, and what their answers and descriptions are held to."""
