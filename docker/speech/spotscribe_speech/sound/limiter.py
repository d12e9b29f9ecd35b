"""Keeps peaks below a ceiling without being heard."""

from collections.abc import Iterable, Iterator

import numpy as np

from spotscribe_speech.engines.engine import Samples

# 1.5 dB below full scale: formats that lose something overshoot, and players must stay below -1 dBTP.
CEILING = 10 ** (-1.5 / 20)
# The volume falls and rises within this time before and after a peak.
_HALF_SECONDS = 0.005
# Points between two samples at which the wave is looked at. ITU-R BS.1770-5, annex 2, has 4 at 48 kHz; speech
# has half that rate.
_OVERSAMPLING = 8
_TAPS = 16
_AT = np.arange(_TAPS) - _TAPS // 2 + 1 - np.arange(1, _OVERSAMPLING)[:, None] / _OVERSAMPLING
# A row of factors for each point. They are turned around, as a convolution wants them.
_BETWEEN = (np.sinc(_AT) * np.cos(np.pi * _AT / _TAPS) ** 2)[:, ::-1].astype(np.float32)
# No point can be this many times as high as the highest sample.
_MOST_RISE = float(np.abs(_BETWEEN).sum(axis=1).max())


def limited(blocks: Iterable[Samples], gain: float, sample_rate: int) -> Iterator[Samples]:
    """The same number of samples, `gain` times as loud, with true peaks of at most :data:`CEILING`.

    Only some milliseconds around a peak that is too high become quieter, so that the volume does not pump.
    Memory: a few blocks.

    Args:
        blocks: of any size, one after the other.
        gain: factor.
        sample_rate: samples per second.
    """
    half = max(1, round(_HALF_SECONDS * sample_rate))
    reach = 2 * half + _TAPS
    held: Samples = np.zeros(reach, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block * np.float32(gain)])
        if held.size > 2 * reach:
            yield _limited(held, half)[reach:-reach]
            held = held[-2 * reach :]
    yield _limited(np.concatenate([held, np.zeros(reach, dtype=np.float32)]), half)[reach:-reach]


def _limited(samples: Samples, half: int) -> Samples:
    peaks = _true_peaks(samples)
    if peaks.max() <= CEILING:
        return samples
    allowed: Samples = (CEILING / np.maximum(peaks, CEILING)).astype(np.float32)
    lowest = _lowest(allowed, 2 * half + 1)
    # All values that a sample's average is made of are at most what that sample allows.
    window: Samples = np.hanning(2 * half + 3)[1:-1].astype(np.float32)
    volume: Samples = np.convolve(lowest, window / window.sum(), mode="same")
    return samples * volume


def _true_peaks(samples: Samples) -> Samples:
    """The largest magnitude at each sample and between it and the next one."""
    peaks = np.abs(samples)
    if peaks.max() * _MOST_RISE <= CEILING:
        return peaks
    first = _TAPS // 2
    for taps in _BETWEEN:
        between = np.convolve(samples, taps, mode="full")[first : first + samples.size]
        np.maximum(peaks, np.abs(between), out=peaks)
    return peaks


def _lowest(values: Samples, width: int) -> Samples:
    """The lowest of `width` values around each; `width` is odd."""
    lowest: Samples = np.pad(values, width // 2, mode="edge")
    covered = 1
    while covered < width:
        step = min(covered, width - covered)
        lowest = np.minimum(lowest[:-step], lowest[step:])
        covered += step
    return lowest
