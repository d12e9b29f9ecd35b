"""Measures the model services, and what they share a device with. `bench/*.ts` runs it."""
