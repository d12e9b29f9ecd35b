"""Benchmarks of the model services, run by `bench/*.ts`."""
