"""Spotscribe's service that speaks texts."""
