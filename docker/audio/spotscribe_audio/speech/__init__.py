"""Speech in samples: windows between silences, audio without words, and the laptop's recogniser."""
