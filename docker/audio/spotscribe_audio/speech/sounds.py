"""What of a recording is transcribed by itself: the mix of its channels, or each channel's own sound."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Channel, Pcm, Samples
from spotscribe_audio.speech.crosstalk import HOP, HOP_SECONDS, MARGIN, Compared, compared, sustained, widened
from spotscribe_audio.speech.windows import energies_of, frame_energies
from spotscribe_common.contract import Degradation
from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.work.liveness import mark

# Samples over which a channel becomes silent, and over which it comes back.
_FADE = round(0.01 * SAMPLE_RATE)
_BLOCK_HOPS = 100
# A channel that has less sound of its own is a copy of the others.
_LEAST_HOPS = round(0.3 / HOP_SECONDS)
# From this share of all sound on, the channels are one recording of everybody.
_MOSTLY = 0.5
_CURE = (
    "The audio was transcribed once, without speakers. To tell voices apart, use diarize instead of channels."
)


@dataclass(frozen=True)
class Sound:
    """A sound that is transcribed by itself.

    Attributes:
        pcm: the samples.
        channel: number of the channel, from 1 on; None for the mix.
        muted: first and last sample, exclusive, of each part that another channel has louder; ascending.
    """

    pcm: Pcm
    channel: int | None = None
    muted: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int64))

    def read(self, start: float, end: float) -> Samples:
        """The samples from `start` to `end`, in seconds; parts that belong to other channels are silent."""
        samples = self.pcm.read(start, end)
        if not len(self.muted):
            return samples
        samples = samples.copy()
        offset = round(start * SAMPLE_RATE)
        first, last = np.searchsorted(self.muted[:, 1], offset, "right"), offset + len(samples)
        for begin, stop in self.muted[first:]:
            if begin >= last:
                break
            at = np.arange(max(begin, offset), min(stop, last))
            gains = np.clip(1 - np.minimum(at - begin, stop - 1 - at) / _FADE, 0, 1)
            samples[at - offset] = np.rint(samples[at - offset] * gains)
        return samples


class Sounds(NamedTuple):
    """All sounds of a recording.

    Attributes:
        each: one, the mix; or one for each channel, ascending.
        energies: of all of them together, as of :func:`spotscribe_audio.speech.windows.frame_energies`.
        degraded: why there is only the mix, if the channels were kept.
    """

    each: Sequence[Sound]
    energies: NDArray[np.float32]
    degraded: Sequence[Degradation] = ()


def sounds_of(pcm: Pcm, *, separate: bool, cancelled: Callable[[], bool]) -> Sounds:
    """The mix; with `separate`, the channels, if there are several that differ.

    It depends on the whole recording alone: a resumed run finds the same. Memory: 10 s of all channels.

    Args:
        pcm: with its channels, if `separate`.
        separate: whether each channel is wanted by itself.
        cancelled: asked from time to time.

    Raises:
        CancelledWorkError: `cancelled()` became true.
    """
    if not separate:
        return _mix(pcm)
    if len(pcm.channels) < 2:
        return _mix(pcm, f"The recording has only one channel with sound. {_CURE}")
    found, energies = _compared(pcm.channels, cancelled)
    own = (found.has_sound & ~np.stack([widened(copy) for copy in found.is_copy])).sum(axis=1) >= _LEAST_HOPS
    # By level: the hops of pauses, with noises of their own, are many.
    alike = found.level[found.is_alike].sum() > _MOSTLY * found.level.sum()
    if alike or np.count_nonzero(own) < 2:
        return _mix(pcm, f"All channels hold the same sound. {_CURE}")
    each = [
        Sound(channel.pcm, channel.number, _stretches(sustained(copy)))
        for channel, copy in zip(pcm.channels, found.is_copy, strict=True)
    ]
    return Sounds(each, energies)


def _mix(pcm: Pcm, reason: str | None = None) -> Sounds:
    degraded = [] if reason is None else [Degradation(stage="diarization", reason=reason)]
    return Sounds([Sound(pcm)], frame_energies(pcm), degraded)


def _compared(
    channels: Sequence[Channel], cancelled: Callable[[], bool]
) -> tuple[Compared, NDArray[np.float32]]:
    found, energies = list[Compared](), list[NDArray[np.float32]]()
    for block in _blocks(channels):
        if cancelled():
            raise CancelledWorkError
        found.append(compared(block))
        squares = sum(np.square(energies_of(one[MARGIN:-MARGIN])) for one in block)
        energies.append(np.sqrt(squares).astype(np.float32))
        mark()
    joined = (np.concatenate(parts, axis=-1) for parts in zip(*found, strict=True))
    return Compared(*joined), np.concatenate(energies)


def _blocks(channels: Sequence[Channel]) -> Iterator[NDArray[np.int16]]:
    """All channels in blocks of whole hops, with margins; beyond the audio there is silence."""
    length = channels[0].pcm.samples
    for start in range(0, length, _BLOCK_HOPS * HOP):
        hops = min(_BLOCK_HOPS, -(-(length - start) // HOP))
        block = np.zeros((len(channels), hops * HOP + 2 * MARGIN), dtype=np.int16)
        before = min(start, MARGIN)
        for row, channel in zip(block, channels, strict=True):
            end = start + hops * HOP + MARGIN
            samples = channel.pcm.read((start - before) / SAMPLE_RATE, end / SAMPLE_RATE)
            row[MARGIN - before : MARGIN - before + len(samples)] = samples
        yield block


def _stretches(muted: NDArray[np.bool_]) -> NDArray[np.int64]:
    steps = np.diff(np.concatenate([[False], muted, [False]]).astype(np.int8))
    found: NDArray[np.int64] = np.stack([np.flatnonzero(steps > 0), np.flatnonzero(steps < 0)], axis=1) * HOP
    return found
