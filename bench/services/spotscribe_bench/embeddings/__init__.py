"""Benchmarks of the embeddings service."""
