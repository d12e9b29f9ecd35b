"""Decoded audio on the scratch disk: 16 kHz mono, signed 16-bit samples in the machine's byte order."""

import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
BYTES_PER_SAMPLE = 2
BYTES_PER_SECOND = SAMPLE_RATE * BYTES_PER_SAMPLE

Samples = NDArray[np.int16]


class Pcm:
    """Audio in a file, read in pieces. Closing it gives its disk space back.

    Args:
        file: an anonymous file of samples, owned from here on.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.samples = os.fstat(file.fileno()).st_size // BYTES_PER_SAMPLE

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.samples / SAMPLE_RATE

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
