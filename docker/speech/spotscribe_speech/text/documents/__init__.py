"""Texts and documents as people have them, and what of them is spoken."""
