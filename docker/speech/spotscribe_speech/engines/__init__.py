"""Engines: what turns a sentence into sound."""
