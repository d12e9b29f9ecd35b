"""From what is written to the words that are spoken."""
