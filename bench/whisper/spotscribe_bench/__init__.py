"""Measures the whisper service in its production environment. `bench/whisper.ts` runs it."""
