"""Knows speakers by reference recordings of their voices. Numpy alone."""

from collections.abc import Mapping

import numpy as np

from spotscribe_whisper.speakers.diarizer import VoiceEmbedding


def recognised(
    voices: Mapping[str, VoiceEmbedding], known: Mapping[str, VoiceEmbedding], farthest: float
) -> dict[str, str]:
    """Names of the speakers whose voices are known: each name once at most, the closest first.

    Args:
        voices: of the speakers, by label.
        known: of people, by name.
        farthest: greatest cosine distance, 0 to 2, between two voices of the same person.

    Returns:
        A name for each label that is somebody's. A voice that could not be measured is nobody's.
    """
    pairs = sorted(
        (_distance(voice, reference), label, name)
        for label, voice in voices.items()
        for name, reference in known.items()
    )
    names: dict[str, str] = {}
    for distance, label, name in pairs:
        if distance <= farthest and label not in names and name not in names.values():
            names[label] = name
    return names


def _distance(one: VoiceEmbedding, other: VoiceEmbedding) -> float:
    """The cosine distance; infinite where one of them has no direction."""
    lengths = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return 1.0 - float(one @ other) / lengths if np.isfinite(lengths) and lengths > 0 else np.inf
