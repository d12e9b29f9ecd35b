"""What the prompts of a batch have in common, read once; and where the keys and values of all are kept."""
