"""The service as in production: a process of its own, asked over HTTP for files on the shared volume."""

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
# Longer than any measurement: what hangs is ended by whoever runs the benchmark.
_REQUEST_SECONDS = 7200.0
_STAGE = re.compile(r'^spotscribe_stage_seconds_sum\{stage="recognition"\} (\S+)$', re.MULTILINE)


class Service:
    """A running service whose model is loaded.

    Args:
        url: where it listens.
        pid: its process.
        shared: its shared volume.
        scratch: its scratch disk.
    """

    def __init__(self, url: str, pid: int, shared: Path, scratch: Path) -> None:
        self.url = url
        self.pid = pid
        self.shared = shared
        self.scratch = scratch

    def post(self, name: str, client: httpx.Client | None = None, *, start_at: float = 0.0) -> httpx.Response:
        """Asks for the transcript of a file on the shared volume.

        Args:
            name: of the file.
            client: whose connection is used; a new one without it.
            start_at: seconds of the audio that were transcribed before.
        """
        ask = httpx.post if client is None else client.post
        body = {"path": name, "language": LANGUAGE, "start_at": start_at}
        return ask(f"{self.url}/transcribe", json=body, timeout=_REQUEST_SECONDS)

    def transcribe(self, name: str) -> tuple[dict[str, Any], float]:
        """A transcript, and the seconds from the request to it.

        Raises:
            RuntimeError: it was refused, or it is degraded, so that less was done than is to be measured.
        """
        began = time.monotonic()
        answer = self.post(name)
        seconds = time.monotonic() - began
        transcript: dict[str, Any] = answer.json()
        if answer.status_code != httpx.codes.OK or transcript["degraded"] or not transcript["segments"]:
            raise RuntimeError(f"The service answered {answer.status_code}: {answer.text[:500]}")
        return transcript, seconds

    def recognition_seconds(self) -> float:
        """Time that it has spent on speech detection and recognition since it started, without alignment."""
        found = _STAGE.search(httpx.get(f"{self.url}/metrics", timeout=60).text)
        return 0.0 if found is None else float(found[1])


@contextmanager
def whisper_service(folder: Path, name: str, **settings: str) -> Iterator[Service]:
    """Runs the service until the block ends, however it ends.

    Args:
        folder: holds `models` and `shared`; its scratch disk and its log go there too.
        name: of this run of it.
        settings: further environment variables.
    """
    scratch = folder / f"{name}-scratch"
    scratch.mkdir()
    environment = {
        "WHISPER_MODEL": MODEL,
        "MODEL_DIR": str(folder / "models"),
        "SHARED_AUDIO": str(folder / "shared"),
        "TMPDIR": str(scratch),
        "STOP_SECONDS": "1",
        **settings,
    }
    with service_process("spotscribe_whisper", environment, folder / f"{name}.log") as (process, url):
        try:
            wait_until(lambda: _status(url) != "loading", "the model is loaded", _LOAD_SECONDS)
            if _status(url) != "ok":
                raise RuntimeError(httpx.get(f"{url}/health", timeout=60).text)
            yield Service(url, process.pid, folder / "shared", scratch)
        finally:
            # Asked first: it ends the decoders that it has started.
            process.terminate()
            process.wait(timeout=15)


def _status(url: str) -> str:
    return str(httpx.get(f"{url}/health", timeout=60).json()["status"])
