"""A whisper service that gets stuck, once or each time.

`python -m spotscribe_testing.models.wedging_whisper` runs it.

Beside the service's own settings it reads `WEDGE`: `wait` waits for ever in the second window, `native` holds
Python's lock there, `load` waits while the model is loaded. Where the file `WEDGE_ONCE` is set and there, it
works; else it makes the file before it gets stuck.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI

from spotscribe_audio.audio.pcm import Samples
from spotscribe_common.process.running import run_service
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines.engine import Heard, Hearing
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer


class WedgingEngine(ScriptedEngine):
    """Gets stuck as the environment says."""

    def load(self) -> None:
        if os.environ["WEDGE"] == "load":
            get_stuck()

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:
        if len(self.windows) == 1 and os.environ["WEDGE"] != "load":
            get_stuck()
        return super().hear(samples, how, cancelled)


def get_stuck() -> None:
    """Does not return, unless that has happened before."""
    once = os.environ.get("WEDGE_ONCE")
    if once is not None:
        if Path(once).exists():
            return
        Path(once).touch()
    if os.environ["WEDGE"] == "native":
        ctypes.PyDLL(None).sleep(1 << 30)
    threading.Event().wait()


def _app(settings: Settings) -> FastAPI:
    return create_app(settings, WedgingEngine(), NoDiarizer("None is wanted."))


if __name__ == "__main__":
    run_service(Settings, _app)
