"""Whole corpora: rows in, files of vectors out."""
