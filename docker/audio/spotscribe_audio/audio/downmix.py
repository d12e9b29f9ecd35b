"""Mixes several channels to one without cancelling speech in opposite phase."""

import re
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import BYTES_PER_SAMPLE, Samples

# Frames of 32 ms, half overlapping: steps in between are cross-faded.
_HOP = 256
_FRAME = 2 * _HOP
_WINDOW = np.sin(np.pi * (np.arange(_FRAME, dtype=np.float32) + 0.5) / _FRAME)
# Two seconds.
_BLOCK = 125 * _HOP
# A channel is inverted where its coherence with the sum is below this (-1 to 1). Above it, the sum loses at
# most 6 dB, and unrelated channels are not inverted.
_OPPOSITE = -0.5
# A frame is corrected if the sum of the channels keeps less than this share of their energy: the part that
# cancels may be speech.
_KEPT = 0.9
# Greatest difference between two samples of a channel that counts as silent: 60 dB below full scale.
_SILENT = 66
_LARGEST = np.iinfo(np.int16).max
# Layouts named like film sound whose third channel is not the centre.
_WITHOUT_CENTRE = frozenset({"3.0(back)", "6.0(front)", "6.1(front)"})


def weights_of(layout: str | None, channels: int) -> NDArray[np.float32]:
    """How much of each channel goes into the sum, in the order of the channels.

    The weights of film sound are those of ITU-R BS.775, as ffmpeg uses them. Its channel for low frequencies
    counts for little: it only matters where a recorder with many inputs calls them film sound.

    Args:
        layout: ffmpeg's name, such as `5.1(side)`; None if it is not known.
        channels: number of channels.
    """
    weights = np.ones(channels, dtype=np.float32)
    film = re.match(r"([3-7])\.([01])", layout or "")
    if film is None or layout in _WITHOUT_CENTRE:
        return weights
    weights[:2] = np.sqrt(0.5)
    weights[3:] = 0.5
    if film[2] == "1":
        weights[3:4] = 0.05
    return weights


class MixedFile:
    """Mixes a decoder's output to one channel in a file. Memory: two seconds of audio.

    It is a :class:`spotscribe_audio.audio.bounded_process.Sink` for interleaved signed 16-bit samples in the
    machine's byte order.

    Args:
        file: gets the mixed samples.
        weights: one for each channel, see :func:`weights_of`.
        most: greatest number of samples that is written.
    """

    def __init__(self, file: BinaryIO, weights: NDArray[np.float32], most: int) -> None:
        self._file = file
        self._mix = Downmix(weights)
        self._channels = len(weights)
        self._left = most
        # The last samples, as long as only the first channel has had sound; None after that.
        self._alone: Samples | None = np.zeros(0, np.int16)
        self.block_bytes = _BLOCK * self._channels * BYTES_PER_SAMPLE

    def take(self, block: bytes) -> None:
        """Mixes the next block."""
        whole = len(block) // (self._channels * BYTES_PER_SAMPLE) * self._channels
        samples = np.frombuffer(block, dtype=np.int16, count=whole).reshape(-1, self._channels)
        mixed = self._next(samples, last=len(block) < self.block_bytes)[: self._left]
        self._file.write(mixed.tobytes())
        self._file.flush()
        self._left -= len(mixed)

    def _next(self, samples: Samples, *, last: bool) -> Samples:
        """The samples that are ready. While only the first channel has sound, they are copied."""
        if self._alone is None:
            return self._mix.add(samples, last=last)
        before, self._alone = self._alone, None
        if samples[:, 1:].any():
            if len(before):
                # The mix returns these with the next block.
                held = np.zeros((len(before), self._channels), np.int16)
                held[:, 0] = before
                self._mix.add(held)
            return self._mix.add(samples, last=last)
        copied = np.concatenate([before, samples[:, 0]])
        ready = len(copied) if last else max(len(copied) - _HOP, 0)
        self._alone = copied[ready:]
        return copied[:ready]


class Downmix:
    """The weighted mean of the channels, which inverts the parts of a channel that would cancel others.

    Recordings with one inverted channel are common: a cable with two wires swapped, a button on a mixer. The
    fault may affect only a part of the recording, so the decision is made for each frame and frequency. If a
    channel is in opposite phase to the sum of the channels before it, it is inverted there. Sound in phase is
    not changed. A channel that has been silent since the beginning has no weight, so the others keep their
    level.

    Args:
        weights: one for each channel.
    """

    def __init__(self, weights: NDArray[np.float32]) -> None:
        self._weights = weights
        self._has_sound = np.zeros(len(weights), dtype=bool)
        self._gains = self._shares()
        # The last samples of the block before, which the next frame begins with, and what is added to them.
        self._before = np.zeros((len(weights), _HOP), dtype=np.float32)
        self._overlap = np.zeros(_HOP, dtype=np.float32)
        self._skip = _HOP

    def add(self, block: Samples, *, last: bool = False) -> Samples:
        """Mixes the next samples, and returns what is ready: up to 16 ms behind, all of it with the last.

        Args:
            block: samples of shape (samples, channels); full blocks of the same length but for the last one.
            last: whether the audio ends here.
        """
        missing = -len(block) % _HOP + _HOP if last else 0
        filled = np.zeros((len(self._weights), missing), np.float32)
        samples = np.concatenate([self._before, self._scaled(block), filled], axis=1)
        hops = samples.shape[1] // _HOP - 1
        self._before = samples[:, hops * _HOP :]
        mixed = samples[:, : hops * _HOP].sum(axis=0) + self._corrections(samples, hops)
        ready = mixed[self._skip : len(mixed) - missing + _HOP if last else None]
        self._skip = 0
        samples16: Samples = np.clip(np.rint(ready), -_LARGEST, _LARGEST).astype(np.int16)
        return samples16

    def _scaled(self, block: Samples) -> NDArray[np.float32]:
        """The channels, by rows, with their shares, which change within 16 ms where a channel begins."""
        channels = block.T.astype(np.float32, order="C")
        began = self._has_sound.any()
        if len(block):
            # Not the level itself: a silent input may have a constant offset.
            self._has_sound |= np.ptp(channels, axis=1) > _SILENT
        old, self._gains = self._gains, self._shares()
        if began and len(block) >= _HOP and not np.array_equal(old, self._gains):
            channels[:, :_HOP] *= np.linspace(old, self._gains, num=_HOP, dtype=np.float32).T
            channels[:, _HOP:] *= self._gains[:, np.newaxis]
        else:
            channels *= self._gains[:, np.newaxis]
        return channels

    def _shares(self) -> NDArray[np.float32]:
        weights = self._weights * self._has_sound if self._has_sound.any() else self._weights
        shares: NDArray[np.float32] = weights / weights.sum()
        return shares

    def _corrections(self, samples: NDArray[np.float32], hops: int) -> NDArray[np.float32]:
        """What is added to the plain sum of the first `hops` hops."""
        added = np.zeros((hops + 1, _HOP), dtype=np.float32)
        added[0] = self._overlap
        lossy = np.flatnonzero(_is_lossy(samples))
        if len(lossy):
            frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME, axis=1)[:, ::_HOP]
            spectra = np.fft.rfft(frames[:, lossy] * _WINDOW).astype(np.complex64, copy=False)
            at, corrections = _correction(spectra)
            added[lossy[at]] += corrections[:, :_HOP]
            added[lossy[at] + 1] += corrections[:, _HOP:]
        self._overlap = added[hops]
        return added[:hops].reshape(-1)


def _is_lossy(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Of each frame, whether the sum of the channels lacks some of their energy.

    Judged by differences between samples: a hum that adds up must not hide speech that does not.
    """
    steps = np.zeros_like(samples)
    np.subtract(samples[:, 1:], samples[:, :-1], out=steps[:, 1:])
    hops = steps.reshape(len(steps), -1, _HOP)
    whole = hops.sum(axis=0)
    # As loud as the channels would be together if they were all in phase.
    most = np.square(np.sqrt(np.einsum("chs,chs->ch", hops, hops)).sum(axis=0))
    lossy: NDArray[np.bool_] = np.einsum("hs,hs->h", whole, whole) < _KEPT * most
    return lossy[:-1] | lossy[1:]


def _correction(spectra: NDArray[np.complex64]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The sum with parts inverted, less the plain sum, as windowed samples.

    Args:
        spectra: of shape (channels, frames, frequencies).

    Returns:
        The frames in which a channel was inverted, and what is added to each of these.
    """
    total = spectra[0]
    lost = np.zeros_like(total)
    for one in spectra[1:]:
        cross = _smoothed(total.real * one.real + total.imag * one.imag)
        energies = _smoothed(_squared(total)) * _smoothed(_squared(one))
        opposite = (cross < 0) & (cross * cross > _OPPOSITE * _OPPOSITE * energies)
        turned = np.where(opposite, one, 0)
        lost += turned
        total = total + one - 2 * turned
    at = np.flatnonzero(lost.any(axis=1))
    return at, (np.fft.irfft(-2 * lost[at], n=_FRAME) * _WINDOW).astype(np.float32, copy=False)


def _squared(values: NDArray[np.complex64]) -> NDArray[np.float32]:
    return values.real * values.real + values.imag * values.imag


def _smoothed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of three neighbouring frequencies: the window spreads each over as many."""
    summed = values.copy()
    summed[:, 1:] += values[:, :-1]
    summed[:, :-1] += values[:, 1:]
    return summed
