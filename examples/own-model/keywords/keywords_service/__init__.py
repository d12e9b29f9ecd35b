"""A model service of your own."""
