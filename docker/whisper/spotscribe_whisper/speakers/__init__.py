"""Who spoke when: diarization, its cleanup, and the words' speakers."""
