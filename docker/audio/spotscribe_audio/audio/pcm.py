"""Decoded audio on the scratch disk: 16 kHz mono, signed 16-bit samples in the machine's byte order."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spotscribe_common.contract import Degradation, SoundTrack

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
BYTES_PER_SECOND = SAMPLE_RATE * BYTES_PER_SAMPLE
# Of 16-bit samples, 60 dB below full scale: the noise of an input to which nothing is connected.
SILENT = 33

Samples = NDArray[np.int16]
# From -1 to 1.
FloatSamples = NDArray[np.float32]


def as_float(samples: Samples) -> FloatSamples:
    """The samples as the models take them."""
    audio = samples.astype(np.float32)
    # In place: a second array of a window's length would be in memory beside it.
    audio /= 32768.0
    return audio


@dataclass(frozen=True)
class Origin:
    """Where audio comes from.

    Attributes:
        track: number of the file's sound track, from 1 on.
        tracks: how many the file has.
        faults: what to say of a recording that is not as its file states, or not all of the file.
    """

    track: int = 1
    tracks: int = 1
    faults: tuple[str, ...] = ()


class Pcm:
    """Audio in a file, read in pieces. Closing it gives its disk space back.

    Args:
        file: an anonymous file of samples, owned from here on.
        origin: where it comes from.
        channels: the channels of which it is the mix, if they were kept; owned, too.
    """

    def __init__(
        self, file: BinaryIO, origin: Origin | None = None, channels: Sequence["Channel"] = ()
    ) -> None:
        self._file = file
        self.origin = Origin() if origin is None else origin
        self.channels = channels
        self.samples = os.fstat(file.fileno()).st_size // BYTES_PER_SAMPLE

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples / SAMPLE_RATE

    @property
    def track(self) -> SoundTrack | None:
        """The sound track, if the file has several."""
        number, count = self.origin.track, self.origin.tracks
        return SoundTrack(number=number, count=count) if count > 1 else None

    @property
    def degraded(self) -> list[Degradation]:
        """What the audio lacks of its file, or of what the file states."""
        return [Degradation(stage="audio", reason=fault) for fault in self.origin.faults]

    def read(self, start: float, end: float) -> Samples:
        """The samples from `start` to `end`, both in seconds and cut to the audio's length."""
        first = min(round(start * SAMPLE_RATE), self.samples)
        last = min(round(end * SAMPLE_RATE), self.samples)
        count = max(last - first, 0) * BYTES_PER_SAMPLE
        parts = bytearray()
        while len(parts) < count:
            part = os.pread(self._file.fileno(), count - len(parts), first * BYTES_PER_SAMPLE + len(parts))
            if not part:
                break
            parts += part
        return np.frombuffer(bytes(parts), dtype=np.int16)

    def blocks(self, seconds: float) -> Iterator[Samples]:
        """The whole audio in blocks of this length (the last may be shorter)."""
        start = 0.0
        while start < self.duration:
            yield self.read(start, start + seconds)
            start += seconds

    def close(self) -> None:
        """Gives the disk space back."""
        self._file.close()
        for channel in self.channels:
            channel.pcm.close()


class Channel(NamedTuple):
    """A channel of a recording: its number, from 1 on, and its samples, as many as the recording has."""

    number: int
    pcm: Pcm
