"""What a recording is asked, and what becomes of the answers."""
