"""Spoken sentences as FLAC files on a disk, and all of them as one row of samples."""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import numpy as np
import soundfile
from pydantic import Field, ValidationError

from spotscribe_common.contract import Many, Shape
from spotscribe_common.errors import InternalError
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.joining import Pcm, as_pcm, as_samples

_CONTAINER, _SAMPLES = "FLAC", "PCM_16"
_BLOCK_SECONDS = 1


class Sentences(Shape):
    """What a part says of its sentences, as JSON in the file's comment.

    Attributes:
        lengths: samples of each, with its pause.
        failed: how many of them could not be spoken, and are a pause alone.
        reason: why the first of these could not.
    """

    lengths: Many[Annotated[int, Field(ge=0)]] = Field(default_factory=list)
    failed: int = Field(default=0, ge=0)
    reason: str | None = None

    def add(self, more: "Sentences") -> None:
        """Adds those that follow."""
        self.lengths += more.lengths
        self.failed += more.failed
        self.reason = self.reason or more.reason

    @property
    def samples(self) -> int:
        """Samples of all."""
        return sum(self.lengths)


class DamagedPartError(Exception):
    """A file is no part as :class:`Part` writes it."""


class Part:
    """Sentences that are not on the disk yet.

    Args:
        sample_rate: samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self._began = time.monotonic()
        self.sentences = Sentences()
        self._sample_rate = sample_rate
        self._pcm: list[Pcm] = []

    @property
    def seconds(self) -> float:
        """Its duration."""
        return self.sentences.samples / self._sample_rate

    @property
    def work_seconds(self) -> float:
        """Time since it was begun."""
        return time.monotonic() - self._began

    def add(self, spoken: Samples, *, failure: str | None = None) -> None:
        """Adds a sentence; with why it could not be spoken, if so."""
        self._pcm.append(as_pcm(spoken))
        failed = 0 if failure is None else 1
        self.sentences.add(Sentences(lengths=[spoken.size], failed=failed, reason=failure))

    def file(self) -> bytes:
        """The sentences so far as a file."""
        out = io.BytesIO()
        with soundfile.SoundFile(
            out, "w", samplerate=self._sample_rate, channels=1, format=_CONTAINER, subtype=_SAMPLES
        ) as file:
            file.comment = self.sentences.to_json()
            file.write(np.concatenate(self._pcm))
        return out.getvalue()


class Spoken:
    """All parts so far, from the first sentence on. Memory: a second of sound.

    Args:
        sample_rate: samples per second.
    """

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.sentences = Sentences()
        self._files: list[tuple[Callable[[], BinaryIO], int]] = []

    @property
    def seconds(self) -> float:
        """Duration of all."""
        return self.sentences.samples / self.sample_rate

    def add(self, part: Part, file: bytes, path: Path) -> None:
        """Adds a part, whose file is written to `path`."""
        path.write_bytes(file)
        self._files.append((lambda: path.open("rb"), part.sentences.samples))
        self.sentences.add(part.sentences)

    def add_earlier(self, open_file: Callable[[], BinaryIO]) -> None:
        """Adds a part of an earlier attempt, and reads all of it.

        Args:
            open_file: opens it, each time.

        Raises:
            DamagedPartError: it is not as long as it says, or is something else.
        """
        sentences = self._described(open_file)
        try:
            samples = sum(block.size for block in self._read(open_file, 0, None))
        except soundfile.SoundFileError as error:
            raise DamagedPartError("it is cut") from error
        if samples != sentences.samples:
            raise DamagedPartError("it is cut")
        self._files.append((open_file, sentences.samples))
        self.sentences.add(sentences)

    def blocks(self, start: int = 0, end: int | None = None) -> Iterator[Samples]:
        """The samples from `start` to `end`, by default to the last, in blocks of at most a second.

        Raises:
            InternalError: a file has changed since it was added.
        """
        end = self.sentences.samples if end is None else end
        at = 0
        for open_file, samples in self._files:
            first, last = max(start - at, 0), min(end - at, samples)
            at += samples
            if first >= last:
                continue
            left = last - first
            for block in self._read(open_file, first, left):
                left -= block.size
                yield as_samples(block)
            if left != 0:
                raise InternalError("A part of the speech has changed while it was read.")

    def _described(self, open_file: Callable[[], BinaryIO]) -> Sentences:
        try:
            with open_file() as opened, soundfile.SoundFile(opened) as file:
                form = (file.format, file.subtype, file.channels, file.samplerate)
                comment = file.comment
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise DamagedPartError("it is no FLAC file") from error
        if form != (_CONTAINER, _SAMPLES, 1, self.sample_rate):
            raise DamagedPartError(f"it is {form[0]} ({form[1]}) with {form[3]} Hz")
        try:
            return Sentences.model_validate_json(comment)
        except ValidationError as error:
            raise DamagedPartError("it does not say how long its sentences are") from error

    def _read(self, open_file: Callable[[], BinaryIO], start: int, count: int | None) -> Iterator[Pcm]:
        size = _BLOCK_SECONDS * self.sample_rate
        with open_file() as opened, soundfile.SoundFile(opened) as file:
            file.seek(start)
            left = file.frames - start if count is None else count
            while left > 0:
                block: Pcm = file.read(min(size, left), dtype="int16")
                if block.size == 0:
                    return
                left -= block.size
                yield block
