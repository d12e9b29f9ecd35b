"""Models that stand in for real ones: tiny ones that really load, scripted ones, and one that gets stuck."""
