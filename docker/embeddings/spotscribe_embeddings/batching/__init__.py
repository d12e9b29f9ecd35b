"""Batches of texts for the engine."""
