"""Keeps the channels of a recording beside their mix, each in a file of its own."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from spotscribe_audio.audio.downmix import MixedFile
from spotscribe_audio.audio.pcm import BYTES_PER_SAMPLE, SILENT, Channel, Pcm, Samples

_LARGEST = np.iinfo(np.int16).max


class KeptChannels:
    """The files of a recording's channels, which grow from part to part.

    Disk: 32 kB for each second of a channel. A channel without sound takes none.

    Args:
        scratch: directory for the files, which have no names.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._files: list[BinaryIO] = []
        # Least and greatest sample of each: a silent input may have a constant offset.
        self._ranges: list[tuple[int, int]] = []

    def write(self, samples: Samples, at: int) -> None:
        """Writes the next samples of all channels.

        Args:
            samples: of shape (samples, channels).
            at: number of the samples before them.
        """
        while len(self._files) < samples.shape[1]:
            self._files.append(tempfile.TemporaryFile(dir=self._scratch))  # noqa: SIM115 - handed on
            self._ranges.append((_LARGEST, -_LARGEST))
        if not len(samples):
            return
        for number, one in enumerate(samples.T):
            low, high = int(one.min()), int(one.max())
            least, greatest = self._ranges[number]
            self._ranges[number] = (min(low, least), max(high, greatest))
            if low or high:
                file = self._files[number]
                file.seek(at * BYTES_PER_SAMPLE)
                file.write(one.tobytes())
                file.flush()

    def with_sound(self, samples: int) -> Sequence[Channel]:
        """The channels that are not silent throughout; the others' disk space is given back.

        Args:
            samples: of the whole recording. What was not written of a channel is silent.
        """
        found = []
        for number, (file, (low, high)) in enumerate(zip(self._files, self._ranges, strict=True), start=1):
            if high - low <= 2 * SILENT:
                file.close()
                continue
            file.truncate(samples * BYTES_PER_SAMPLE)
            found.append(Channel(number, Pcm(file)))
        return found

    def close(self) -> None:
        """Gives all disk space back."""
        for file in self._files:
            file.close()


class KeptAndMixed:
    """Takes interleaved samples, keeps their channels, and mixes them.

    It is a :class:`spotscribe_audio.audio.bounded_process.Sink`, as the mix is.

    Args:
        mixed: gets the same samples.
        kept: gets the channels.
        channels: number of channels.
        at: number of the samples before the first.
        most: greatest number of samples that is kept.
    """

    def __init__(self, mixed: MixedFile, kept: KeptChannels, channels: int, at: int, most: int) -> None:
        self.block_bytes = mixed.block_bytes
        self._mixed = mixed
        self._kept = kept
        self._channels = channels
        self._at = at
        self._end = at + most

    def take(self, block: bytes) -> None:
        """Keeps and mixes the next block."""
        whole = len(block) // (self._channels * BYTES_PER_SAMPLE) * self._channels
        samples = np.frombuffer(block, dtype=np.int16, count=whole).reshape(-1, self._channels)
        samples = samples[: self._end - self._at]
        self._kept.write(samples, self._at)
        self._at += len(samples)
        self._mixed.take(block)
