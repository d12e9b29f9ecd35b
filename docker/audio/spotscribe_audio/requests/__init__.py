"""Requests that carry or name a recording."""
