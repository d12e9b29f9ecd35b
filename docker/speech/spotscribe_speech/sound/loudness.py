"""Brings speech to a loudness at which listeners need not touch the volume."""

import re
from collections.abc import Callable, Iterable, Iterator

from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.ffmpeg import fed, pcm_input
from spotscribe_speech.sound.joining import as_pcm
from spotscribe_speech.sound.limiter import limited

# Of podcasts and audiobooks; AES recommends -16 to -20 LUFS for streams (TD1008, 2021).
TARGET_LUFS = -16.0
# What the meter shows where it found no loudness: silence, or less than one block of 400 ms.
_NONE_LUFS = -70.0
_NEAR_LU = 0.1
_CORRECTIONS = 2
_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+) LUFS", re.MULTILINE)


def leveling_gain(
    blocks: Callable[[], Iterator[Samples]], sample_rate: int, is_stopped: Callable[[], bool]
) -> float:
    """The factor by which :func:`limited` brings speech to :data:`TARGET_LUFS`.

    One factor for the whole: quiet passages stay quieter than loud ones.

    Args:
        blocks: all samples, from the beginning each time.
        sample_rate: samples per second.
        is_stopped: whether nobody wants it any more.

    Returns:
        1 for what has no loudness.

    Raises:
        CancelledWorkError: it was stopped.
    """
    found = loudness(blocks(), sample_rate, is_stopped)
    if found is None:
        return 1.0
    gain = _factor(TARGET_LUFS - found)
    # What the limiter takes away makes the speech quieter again.
    for _ in range(_CORRECTIONS):
        found = loudness(limited(blocks(), gain, sample_rate), sample_rate, is_stopped)
        if found is None or abs(TARGET_LUFS - found) < _NEAR_LU:
            break
        gain *= _factor(TARGET_LUFS - found)
    return gain


def loudness(blocks: Iterable[Samples], sample_rate: int, is_stopped: Callable[[], bool]) -> float | None:
    """Integrated loudness in LUFS (EBU R 128, ITU-R BS.1770); None if there is none."""
    meter = ["-af", "ebur128=framelog=verbose", "-f", "null", "-"]
    said = fed([*pcm_input(sample_rate), *meter], map(as_pcm, blocks), is_stopped)
    found = _INTEGRATED.search(said)
    value = _NONE_LUFS if found is None else float(found[1])
    return None if value <= _NONE_LUFS else value


def _factor(decibels: float) -> float:
    return float(10 ** (decibels / 20))
