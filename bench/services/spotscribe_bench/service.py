"""The service as in production: a separate process with an HTTP API for files on the shared volume."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from spotscribe_bench.models import LANGUAGE, MODEL
from spotscribe_testing.service.live_server import service_process, wait_until

_LOAD_SECONDS = 300.0
# Longer than any measurement. The user ends a benchmark that hangs.
_REQUEST_SECONDS = 7200.0
_STAGE = re.compile(r'^spotscribe_stage_seconds_sum\{stage="recognition"\} (\S+)$', re.MULTILINE)


class Service:
    """A running service whose model is loaded.

    Args:
        url: base URL.
        pid: process id.
        shared: shared volume.
        scratch: scratch disk.
    """

    def __init__(self, url: str, pid: int, shared: Path, scratch: Path) -> None:
        self.url = url
        self.pid = pid
        self.shared = shared
        self.scratch = scratch

    def post(self, name: str, client: httpx.Client | None = None, *, start_at: float = 0.0) -> httpx.Response:
        """Requests the transcript of a file on the shared volume.

        Args:
            name: name of the file.
            client: client whose connection is used; None opens a new connection.
            start_at: seconds of audio that were already transcribed.
        """
        ask = httpx.post if client is None else client.post
        body = {"path": name, "language": LANGUAGE, "start_at": start_at}
        return ask(f"{self.url}/transcribe", json=body, timeout=_REQUEST_SECONDS)

    def transcribe(self, name: str) -> tuple[dict[str, Any], float]:
        """Returns a transcript, and the seconds that the request took.

        Doubts about the words are accepted: any recogniser may have them.

        Raises:
            RuntimeError: the request failed, or a stage of the work failed, so that the time is not valid.
        """
        began = time.monotonic()
        answer = self.post(name)
        seconds = time.monotonic() - began
        transcript: dict[str, Any] = answer.json()
        if answer.status_code != httpx.codes.OK or not transcript["segments"] or _failed(transcript):
            raise RuntimeError(f"The service answered {answer.status_code}: {answer.text[-500:]}")
        return transcript, seconds

    def recognition_seconds(self) -> float:
        """Time for speech detection and recognition since the start, without alignment."""
        found = _STAGE.search(httpx.get(f"{self.url}/metrics", timeout=60).text)
        return 0.0 if found is None else float(found[1])


@contextmanager
def whisper_service(folder: Path, name: str, **settings: str) -> Iterator[Service]:
    """Runs the service until the block ends, also by an exception.

    Args:
        folder: contains `models` and `shared`; receives the scratch disk and the log.
        name: name of this run.
        settings: further environment variables.
    """
    with loaded_service("spotscribe_whisper", folder, name, WHISPER_MODEL=MODEL, **settings) as (url, pid):
        yield Service(url, pid, folder / "shared", folder / f"{name}-scratch")


@contextmanager
def loaded_service(module: str, folder: Path, name: str, **settings: str) -> Iterator[tuple[str, int]]:
    """Runs a service until the block ends, and yields its URL and process id once its model is loaded.

    Args:
        module: Python package of the service.
        folder: contains `models` and `shared`; receives the scratch disk and the log.
        name: name of this run.
        settings: further environment variables.
    """
    scratch = folder / f"{name}-scratch"
    scratch.mkdir()
    environment = {
        "MODEL_DIR": str(folder / "models"),
        "SHARED_AUDIO": str(folder / "shared"),
        "TMPDIR": str(scratch),
        "STOP_SECONDS": "1",
        **settings,
    }
    with service_process(module, environment, folder / f"{name}.log") as (process, url):
        try:
            wait_until(lambda: _status(url) != "loading", "the model is loaded", _LOAD_SECONDS)
            if _status(url) != "ok":
                raise RuntimeError(httpx.get(f"{url}/health", timeout=60).text)
            yield url, process.pid
        finally:
            # SIGTERM first, so that the service ends its own processes.
            process.terminate()
            process.wait(timeout=15)


def _failed(transcript: dict[str, Any]) -> bool:
    return any(loss["stage"] != "transcript" for loss in transcript["degraded"])


def _status(url: str) -> str:
    return str(httpx.get(f"{url}/health", timeout=60).json()["status"])
