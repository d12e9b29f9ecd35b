"""Keeps results of the baselines between runs, for developers who change the service alone."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from spotscribe_audio.audio.pcm import Samples
from spotscribe_bench.accuracy.systems import Heard, versions


class Cache:
    """Results by system, versions of its libraries, model and samples.

    Args:
        folder: made if it does not exist; None keeps nothing.
        model: directory of the model.
    """

    def __init__(self, folder: Path | None, model: Path) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._model = hashlib.sha256((model / "model.bin").read_bytes()).hexdigest()

    def heard(self, system: str, samples: Samples, hear: Callable[[], Heard]) -> Heard:
        """The kept result, or that of `hear`, which is kept.

        Args:
            system: a baseline.
            samples: what is heard.
            hear: transcribes it.
        """
        if self._folder is None:
            return hear()
        audio = hashlib.sha256(samples.tobytes()).hexdigest()
        key = json.dumps([system, *versions(system), self._model, audio])
        file = self._folder / f"{system}-{hashlib.sha256(key.encode()).hexdigest()}.json"
        if file.is_file():
            return Heard(**json.loads(file.read_text()))
        heard = hear()
        # Renamed when it is complete: a run may be interrupted.
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(heard._asdict()))
        part.replace(file)
        return heard
