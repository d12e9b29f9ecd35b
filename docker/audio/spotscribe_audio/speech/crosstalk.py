"""Finds what a channel has from another one: a microphone also hears, more quietly, who speaks into the next.

A channel is compared with the loudest one by level and by correlation. Level alone would take away what
somebody says quietly while another one speaks; correlation alone, what both say at once.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE, SILENT

HOP_SECONDS = 0.1
HOP = round(HOP_SECONDS * SAMPLE_RATE)
# Samples before and after a block that its hops need: a frame is around its hop, and each hop has neighbours.
_FRAME = 4096
MARGIN = HOP + (_FRAME - HOP) // 2
_WINDOW = np.hanning(_FRAME).astype(np.float32)
_HERTZ = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)
# Where voices differ most from noise and hum.
_BAND = (_HERTZ > 200) & (_HERTZ < 3800)
# Below are hum and offsets.
_LEAST_BIN = round(100 * HOP_SECONDS)
# Sound takes 30 ms for 10 m; the echo of a telephone takes longer.
_MOST_LAG = round(0.1 * SAMPLE_RATE)
# Ratio of energies (9 dB) and correlation from which a channel has its sound from the loudest one.
_LOUDER, _CORRELATED = 8.0, 0.4
# Correlation from which two channels hold the same, however loud; they are equally loud up to 6 dB.
_SAME, _EQUALLY_LOUD = 0.65, 4.0


class Compared(NamedTuple):
    """Each channel beside the loudest one.

    Attributes:
        has_sound: of each channel and hop, whether it is not silent.
        is_copy: of each channel and hop, whether the loudest channel has the same, louder.
        is_alike: of each hop, whether another channel has the same as the loudest, about equally loud.
        level: of each hop, root mean square of the loudest channel.
    """

    has_sound: NDArray[np.bool_]
    is_copy: NDArray[np.bool_]
    is_alike: NDArray[np.bool_]
    level: NDArray[np.float32]


def compared(block: NDArray[np.int16]) -> Compared:
    """Compares the channels in each hop of a block, over 0.3 s.

    Args:
        block: of shape (channels, samples): whole hops, with :data:`MARGIN` samples before and after.
    """
    hops = (block.shape[1] - 2 * MARGIN) // HOP
    powers = np.stack([_powers(one, hops + 2) for one in block])
    levels = _with_neighbours(powers)
    sounding = levels > 3 * float(SILENT) ** 2
    loudest = np.argmax(levels, axis=0)
    copies = np.zeros(levels.shape, dtype=np.bool_)
    alike = np.zeros(hops, dtype=np.bool_)
    spectra: dict[int, NDArray[np.complex64]] = {}
    for number in range(len(block)):
        for other in np.unique(loudest):
            # What is too quiet for a level of its own is compared too: recognition amplifies.
            at = np.flatnonzero((loudest == other) & (levels[number] > 0))
            if other == number or len(at) == 0:
                continue
            for each in (number, int(other)):
                if each not in spectra:
                    spectra[each] = _spectra(block[each], hops + 2)
            ratio = levels[other, at] / levels[number, at]
            alikeness = _correlation(spectra[number], spectra[int(other)], at)
            same = alikeness >= _SAME
            copies[number, at] = same | ((alikeness >= _CORRELATED) & (ratio >= _LOUDER))
            alike[at] |= same & (ratio < _EQUALLY_LOUD) & sounding[number, at]
    return Compared(sounding, copies, alike, np.sqrt(levels.max(axis=0) / 3))


def sustained(is_copy: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The hops in which a channel is muted: not next to others, where its own words may begin or end.

    Args:
        is_copy: of a channel, for each hop of the recording.
    """
    closed = is_copy | (_later(is_copy) & _earlier(is_copy))
    inner = closed & _later(closed, at_edge=True) & _earlier(closed, at_edge=True)
    # A single hop is not worth a cut.
    return inner & (_later(inner) | _earlier(inner))


def widened(hops: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The hops and their neighbours."""
    return hops | _later(hops) | _earlier(hops)


def _later(hops: NDArray[np.bool_], *, at_edge: bool = False) -> NDArray[np.bool_]:
    return np.concatenate([[at_edge], hops[:-1]])


def _earlier(hops: NDArray[np.bool_], *, at_edge: bool = False) -> NDArray[np.bool_]:
    return np.concatenate([hops[1:], [at_edge]])


def _powers(samples: NDArray[np.int16], hops: int) -> NDArray[np.float32]:
    """Mean square of each hop, with one hop before the block's first and one after its last."""
    first = MARGIN - HOP
    parts = samples[first : first + hops * HOP].reshape(hops, HOP).astype(np.float32)
    # An offset, or a hum, is louder than a voice in some recordings.
    bins = np.fft.rfft(parts)[:, _LEAST_BIN:]
    powers: NDArray[np.float32] = (2 * _squared(bins).sum(axis=1) / HOP**2).astype(np.float32)
    return powers


def _spectra(samples: NDArray[np.int16], hops: int) -> NDArray[np.complex64]:
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::HOP][:hops]
    return np.where(_BAND, np.fft.rfft(frames * _WINDOW), 0).astype(np.complex64)


def _correlation(
    one: NDArray[np.complex64], other: NDArray[np.complex64], at: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Greatest normalised cross-correlation, 0 to 1, up to 0.1 s before or after."""
    cross = sum(one[at + step] * other[at + step].conj() for step in range(3))
    energies = [_with_neighbours(_squared(each).sum(axis=1))[at] for each in (one, other)]
    series = np.abs(np.fft.irfft(cross)) * (_FRAME / 2)
    peaks = np.maximum(series[:, : _MOST_LAG + 1].max(axis=1), series[:, -_MOST_LAG:].max(axis=1))
    found: NDArray[np.float32] = peaks / np.maximum(np.sqrt(energies[0] * energies[1]), 1e-9)
    return found


def _with_neighbours(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of three neighbours along the last axis, which gets shorter by two."""
    return values[..., :-2] + values[..., 1:-1] + values[..., 2:]


def _squared(values: NDArray[np.complexfloating]) -> NDArray[np.float32]:
    return values.real * values.real + values.imag * values.imag
