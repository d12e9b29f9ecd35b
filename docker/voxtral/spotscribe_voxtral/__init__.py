"""Voxtral: what was said in a recording, understood."""
