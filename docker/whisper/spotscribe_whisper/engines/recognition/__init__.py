"""From a window of audio to words: speech in chunks, decoded, checked, and decoded again where needed."""
