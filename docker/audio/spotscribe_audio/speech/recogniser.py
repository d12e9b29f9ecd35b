"""The laptop's recogniser, pocketsphinx: US English, no GPU, its model comes inside the package."""

import json
import re
import select
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from spotscribe_audio.audio.pcm import Samples
from spotscribe_common.errors import CancelledWorkError, InternalError, ModelMissingError
from spotscribe_common.work.liveness import mark

# Longest audio, in seconds, that is best heard in one piece.
LONGEST_PIECE_SECONDS = 20.0
# A pause of this length, in seconds, parts what is said.
_PAUSE_SECONDS = 0.4
_FRAMES_PER_SECOND = 100
_ALTERNATIVE = re.compile(r"\(\d+\)$")
_PROGRAM = Path(__file__).with_name("recogniser_process.py")
_LOOK_SECONDS = 0.05
# Peak of what counts as silence, in which the recogniser hears words: 60 dB below full scale.
_SILENT = 33


class RecognisedWord(NamedTuple):
    """A word in lower case, with its times in seconds from the piece's start."""

    text: str
    start: float
    end: float


class Recogniser:
    """CMU Pocketsphinx in a process of its own, which a cancellation ends."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def load(self) -> None:
        """Starts the process, which loads the acoustic and the language model from the package.

        Raises:
            ModelMissingError: one of them, or the package, is not there.
        """
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

    def words(self, samples: Samples, cancelled: Callable[[], bool]) -> list[RecognisedWord]:
        """What is heard in one piece of 16 kHz mono audio, whatever was heard before.

        Raises:
            CancelledWorkError: `cancelled()` became true.
            InternalError: the process has ended.
        """
        if cancelled():
            raise CancelledWorkError
        if np.abs(samples.astype(np.int32)).max(initial=0) < _SILENT:
            return []
        if self._process is None:
            self.load()
        try:
            words = words_of(self._ask(samples.tobytes(), cancelled))
        except BaseException:
            # What it was saying belongs to nobody now: the next piece gets a new process.
            self.close()
            raise
        mark()
        return words

    def _ask(self, piece: bytes, cancelled: Callable[[], bool]) -> list[list[Any]]:
        process = self._process
        if process is None:
            raise InternalError("The recogniser is not running.")
        answers = _pipe(process.stdout)
        try:
            _pipe(process.stdin).write(struct.pack("<I", len(piece)) + piece)
            _pipe(process.stdin).flush()
        except BrokenPipeError:
            raise InternalError("The recogniser's process has ended.") from None
        while not select.select([answers], [], [], _LOOK_SECONDS)[0]:
            if cancelled():
                raise CancelledWorkError
        line = answers.readline()
        if not line:
            raise InternalError("The recogniser's process has ended.")
        entries: list[list[Any]] = json.loads(line)
        return entries


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise InternalError("The recogniser's process has no pipe.")
    return pipe


def words_of(entries: Iterable[Iterable[Any]]) -> list[RecognisedWord]:
    """The recogniser's words, without silences, noises and marks of alternative pronunciation.

    Args:
        entries: word, first and last frame of 10 ms of each.
    """
    words = []
    for entry, first, last in entries:
        if entry.startswith(("<", "[", "++")):
            continue
        text = _ALTERNATIVE.sub("", entry).lower()
        words.append(RecognisedWord(text, first / _FRAMES_PER_SECOND, (last + 1) / _FRAMES_PER_SECOND))
    return words


def parted_at_pauses(words: Iterable[RecognisedWord]) -> list[list[RecognisedWord]]:
    """Groups words that no longer pause parts."""
    groups: list[list[RecognisedWord]] = []
    for word in words:
        if not groups or word.start - groups[-1][-1].end >= _PAUSE_SECONDS:
            groups.append([])
        groups[-1].append(word)
    return groups
