"""A real recogniser for laptops and tests: English only, no GPU, its model comes inside the package."""

import json
import re
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from spotscribe_common.device import Device
from spotscribe_common.errors import InternalError, ModelMissingError
from spotscribe_common.pcm import Samples
from spotscribe_whisper.engines.engine import (
    Ability,
    CancelledTranscriptionError,
    EngineId,
    Heard,
    HeardSegment,
    HeardWord,
    Hearing,
)

# A pause of this length, in seconds, ends a segment.
_SEGMENT_PAUSE = 0.4
_FRAMES_PER_SECOND = 100
_ALTERNATIVE = re.compile(r"\(\d+\)$")
_PROGRAM = Path(__file__).with_name("pocketsphinx_process.py")
_LOOK_SECONDS = 0.05
# Peak of what counts as silence, in which the recogniser hears words: 60 dB below full scale.
_SILENT = 33


class PocketsphinxEngine:
    """CMU Pocketsphinx with its US English model, in a process of its own, which a cancellation ends."""

    longest_window = 20.0
    abilities: frozenset[Ability] = frozenset()

    def __init__(self) -> None:
        self.name: EngineId = "pocketsphinx"
        self.model = "en-us"
        self._process: subprocess.Popen[bytes] | None = None

    def load(self) -> None:
        """Starts the process, which loads the acoustic and the language model from the package."""
        self._process = subprocess.Popen(
            # -P: the modules beside the program are not to be mistaken for packages.
            [sys.executable, "-P", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        answer = json.loads(_pipe(self._process.stdout).readline() or '{"error": "its process ended"}')
        if answer != []:
            self.close()
            raise ModelMissingError(f"pocketsphinx or its model en-us cannot be loaded: {answer['error']}")

    def close(self) -> None:
        """Ends the process."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def languages(self) -> Mapping[str, str]:
        """English."""
        return {"en": "english"}

    def device(self) -> Device:
        """The processor."""
        return Device("cpu")

    def detect_language(self, samples: Samples) -> str:  # noqa: ARG002 - there is no choice
        """English."""
        return "en"

    def tokens(self, text: str) -> list[int]:  # noqa: ARG002
        """None: its words are no tokens."""
        return []

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:  # noqa: ARG002
        """Transcribes one window."""
        if cancelled():
            raise CancelledTranscriptionError
        if np.abs(samples.astype(np.int32)).max(initial=0) < _SILENT:
            return Heard([])
        if self._process is None:
            self.load()
        began = time.monotonic()
        try:
            entries = self._ask(samples.tobytes(), cancelled)
        except BaseException:
            # What it was saying belongs to nobody now: the next window gets a new process.
            self.close()
            raise
        seconds = {"recognition": time.monotonic() - began}
        return Heard(segments_at_pauses(words_of(entries)), seconds=seconds)

    def _ask(self, window: bytes, cancelled: Callable[[], bool]) -> list[list[Any]]:
        process = self._process
        if process is None:
            raise InternalError("The recogniser is not running.")
        answers = _pipe(process.stdout)
        try:
            _pipe(process.stdin).write(struct.pack("<I", len(window)) + window)
            _pipe(process.stdin).flush()
        except BrokenPipeError:
            raise InternalError("The recogniser's process has ended.") from None
        while not select.select([answers], [], [], _LOOK_SECONDS)[0]:
            if cancelled():
                raise CancelledTranscriptionError
        line = answers.readline()
        if not line:
            raise InternalError("The recogniser's process has ended.")
        entries: list[list[Any]] = json.loads(line)
        return entries


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise InternalError("The recogniser's process has no pipe.")
    return pipe


def words_of(entries: Iterable[Iterable[Any]]) -> list[HeardWord]:
    """The recogniser's words, lower case, without silences, noises and marks of alternative pronunciation.

    Args:
        entries: word, first and last frame of 10 ms of each.
    """
    words = []
    for entry, first, last in entries:
        if entry.startswith(("<", "[", "++")):
            continue
        text = _ALTERNATIVE.sub("", entry).lower()
        words.append(HeardWord(text, first / _FRAMES_PER_SECOND, (last + 1) / _FRAMES_PER_SECOND))
    return words


def segments_at_pauses(words: Iterable[HeardWord]) -> list[HeardSegment]:
    """Groups words, which all have times, that no longer pause parts."""
    groups: list[list[HeardWord]] = []
    end = 0.0
    for word in words:
        start = end if word.start is None else word.start
        if not groups or start - end >= _SEGMENT_PAUSE:
            groups.append([])
        groups[-1].append(word)
        end = start if word.end is None else word.end
    return [_segment(group) for group in groups]


def _segment(words: list[HeardWord]) -> HeardSegment:
    times = [time for word in words for time in (word.start, word.end) if time is not None]
    return HeardSegment(min(times), max(times), " ".join(word.text for word in words), words)
