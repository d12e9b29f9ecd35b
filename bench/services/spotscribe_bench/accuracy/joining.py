"""Joins recordings to long ones, as conversations with pauses and music, or as one speaker who reads on."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_bench.accuracy import sounds
from spotscribe_bench.accuracy.recordings import Recording

# Pauses in seconds between recordings of different speakers, and breaths between sentences of one.
_PAUSE = (0.3, 8.0)
_BREATH = (0.2, 0.6)
_MUSIC = (3.0, 10.0)
# Share of the pauses in which music plays.
_MUSIC_SHARE = 0.15
_FILE_SECONDS = 240.0
# Shorter series are no long recordings.
_LEAST_SECONDS = 40.0
_ROOM_DB = -70.0


def joined(recordings: Sequence[Recording], random: np.random.Generator) -> list[tuple[str, Samples, str]]:
    """Files of about four minutes: speakers alternate, with pauses of 0.3 to 8 s and some music between them.

    Args:
        recordings: all have a text.
        random: draws the pauses and the music.

    Returns:
        Name, samples and text of each file.
    """
    files: list[tuple[str, Samples, str]] = []
    parts: list[Samples] = []
    texts: list[str] = []
    ordered = alternating(recordings)
    for number, each in enumerate(ordered, 1):
        parts += [each.samples, _pause(random)]
        texts.append(each.text)
        if sum(map(len, parts)) >= _FILE_SECONDS * SAMPLE_RATE or number == len(ordered):
            files.append((f"joined-{len(files) + 1}", np.concatenate(parts), " ".join(texts)))
            parts, texts = [], []
    return files


def alternating(recordings: Sequence[Recording]) -> list[Recording]:
    """The recordings with those of each speaker, in their order, spread evenly over the whole."""
    places: list[tuple[float, str, Recording]] = []
    for speaker, own in _by_speaker(recordings).items():
        places += [((n + 0.5) / len(own), speaker, each) for n, each in enumerate(own)]
    return [each for _, _, each in sorted(places, key=lambda place: place[:2])]


def long(recordings: Sequence[Recording], random: np.random.Generator) -> list[tuple[str, Samples, str]]:
    """One file for each speaker with at least 40 s in two recordings or more: breaths of 0.2 to 0.6 s alone.

    Parameters and result as in `joined`.
    """
    files: list[tuple[str, Samples, str]] = []
    for speaker, own in _by_speaker(recordings).items():
        if len(own) < 2 or sum(each.seconds for each in own) < _LEAST_SECONDS:
            continue
        parts = [part for each in own for part in (each.samples, _room(random.uniform(*_BREATH), random))]
        name = f"long-{speaker.replace('/', '-')}"
        files.append((name, np.concatenate(parts), " ".join(each.text for each in own)))
    return files


def _by_speaker(recordings: Sequence[Recording]) -> dict[str, list[Recording]]:
    found: dict[str, list[Recording]] = defaultdict(list)
    for each in recordings:
        found[each.speaker].append(each)
    return found


def _pause(random: np.random.Generator) -> Samples:
    pause = _room(random.uniform(*_PAUSE), random)
    if random.uniform() >= _MUSIC_SHARE:
        return pause
    played = sounds.music(random.uniform(*_MUSIC), random)
    return np.concatenate([pause, played, _room(random.uniform(*_PAUSE) / 4, random)])


def _room(seconds: float, random: np.random.Generator) -> Samples:
    return sounds.pink_noise(seconds, _ROOM_DB, random)
