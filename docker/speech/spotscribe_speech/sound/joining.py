"""Sentences that follow each other without a click."""

import numpy as np
from numpy.typing import NDArray

from spotscribe_common.errors import InternalError
from spotscribe_speech.engines.engine import Samples

# Single-precision samples as 16-bit ones, of which files are made.
Pcm = NDArray[np.int16]
PCM_BYTES = 2
_FULL = 32767

_WINDOW_SECONDS = 0.005
# Silence lies this far below the loudest window of the sentence, and everything below the floor is silence.
_SILENCE = 10 ** (-50 / 20)
_FLOOR = 10 ** (-66 / 20)
# Kept around what is louder: a soft consonant begins and ends below the threshold.
_LEAD_SECONDS = 0.02
_TAIL_SECONDS = 0.04
_FADE_SECONDS = 0.005


def joined(samples: Samples, pause_seconds: float, sample_rate: int) -> Samples:
    """A sentence as it follows another one: without an offset and silence at its ends, faded, then a pause.

    Both its ends are zero, so that no join is a step.

    Args:
        samples: of the sentence; none for a pause alone.
        pause_seconds: length of the silence after it.
        sample_rate: samples per second.

    Raises:
        InternalError: a sample is not a finite number.
    """
    pause = np.zeros(round(pause_seconds * sample_rate), dtype=np.float32)
    if samples.size == 0:
        return pause
    if not np.isfinite(samples).all():
        raise InternalError("The engine produced samples that are no finite numbers.")
    # In double precision: the mean of many single-precision numbers is not exact.
    offset = np.float32(samples.mean(dtype=np.float64))
    spoken = _trimmed(samples - offset, sample_rate)
    _fade(spoken, round(_FADE_SECONDS * sample_rate))
    return np.concatenate([spoken, pause])


def as_pcm(samples: Samples) -> Pcm:
    """Samples in 16 bits; what is louder than full scale is cut."""
    return np.rint(np.clip(samples, -1, 1) * _FULL).astype("<i2")


def as_samples(pcm: Pcm) -> Samples:
    """The other way round."""
    return pcm.astype(np.float32) / np.float32(_FULL)


def _trimmed(samples: Samples, sample_rate: int) -> Samples:
    """Without the silence at both ends; empty if there is nothing else."""
    window = max(1, round(_WINDOW_SECONDS * sample_rate))
    starts = np.arange(0, samples.size, window)
    powers = np.add.reduceat(np.square(samples, dtype=np.float64), starts)
    levels = np.sqrt(powers / np.diff(starts, append=samples.size))
    [loud] = np.nonzero(levels > max(_FLOOR, levels.max() * _SILENCE))
    if loud.size == 0:
        return samples[:0]
    first = loud[0] * window - round(_LEAD_SECONDS * sample_rate)
    last = (loud[-1] + 1) * window + round(_TAIL_SECONDS * sample_rate)
    return samples[max(first, 0) : last]


def _fade(samples: Samples, length: int) -> None:
    """Lets the ends rise from zero and fall to it, as half a cosine, in place."""
    length = min(length, samples.size // 2)
    if length == 0:
        samples[:] = 0
        return
    rise = (0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)).astype(np.float32)
    samples[:length] *= rise
    samples[-length:] *= rise[::-1]
