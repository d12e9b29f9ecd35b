"""Compares many concurrent short recordings with the same ones one by one, while polling `/health`."""

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

import httpx
import numpy as np

from spotscribe_bench.accuracy.recordings import COMMITTED, recordings
from spotscribe_bench.audio import write_clips
from spotscribe_bench.models import models_here, write_models
from spotscribe_bench.report import Report
from spotscribe_bench.service import Service, whisper_service

_REQUESTS = 50
# A batch of a GPU, see `spotscribe_whisper.engines.whisperx.BATCH`.
_CONNECTIONS = 16
# Order: one by one, concurrent, concurrent, one by one, so that other load affects both.
_ROUNDS = 2
_CLIP_SECONDS = 10.0
_HEALTH_PAUSE_SECONDS = 0.05


def measure(folder: Path, report: Report) -> None:
    """Reports the seconds of all requests in both ways, the failures, and the slowest `/health`."""
    models = models_here()
    report.say(f"making {models.name}")
    write_models(folder / "models", models)
    (folder / "shared").mkdir()
    speech = np.concatenate([each.samples for each in recordings(COMMITTED) if each.group == "ljspeech"])
    names = write_clips(folder / "shared", speech, _CLIP_SECONDS)
    asked = [names[number % len(names)] for number in range(_REQUESTS)]
    report.say("loading the service")
    took: dict[int, list[float]] = {1: [], _CONNECTIONS: []}
    failed = 0
    with whisper_service(folder, "service") as service:
        # The warm-up. Each concurrent answer must equal that of a request without others, with all its times.
        alone = {name: service.transcribe(name)[0] for name in names}
        with _Health(service) as health:
            for number in range(_ROUNDS):
                for connections in sorted(took, reverse=number % 2 == 1):
                    seconds, failures = post_all(service, asked, connections, alone)
                    took[connections].append(seconds)
                    failed += failures
                    report.say(
                        f"round {number + 1}/{_ROUNDS}: {_REQUESTS} requests over {connections} "
                        f"connection(s) in {seconds:.1f} s, {failures} failed"
                    )
    report.measured(
        {
            "models": models.name,
            "on_gpu": models.whisper is not None,
            "requests": _REQUESTS,
            "clip_seconds": _CLIP_SECONDS,
            "connections": _CONNECTIONS,
            "one_by_one": took[1],
            "at_once": took[_CONNECTIONS],
            "failed_share": failed / (len(took) * _ROUNDS * _REQUESTS),
            "slowest_health": health.slowest,
        }
    )


def post_all(
    service: Service, names: Sequence[str], connections: int, alone: Mapping[str, Any]
) -> tuple[float, int]:
    """Seconds until all requests are answered, and the number of answers that differ from `alone`."""
    left: SimpleQueue[str] = SimpleQueue()
    for name in names:
        left.put(name)
    began = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        try:
            failures = sum(pool.map(lambda _: _post_what_is_left(service, left, alone), range(connections)))
        finally:
            # If this ends early, the threads must end, too.
            while not left.empty():
                left.get()
    return time.monotonic() - began, failures


def _post_what_is_left(service: Service, left: SimpleQueue[str], alone: Mapping[str, Any]) -> int:
    failures = 0
    with httpx.Client() as client:
        while True:
            try:
                name = left.get_nowait()
                answer = service.post(name, client)
            except Empty:
                return failures
            except httpx.HTTPError:
                failures += 1
                continue
            if answer.status_code != httpx.codes.OK or answer.json() != alone[name]:
                failures += 1


class _Health:
    """Polls `/health` while the block runs, and keeps the longest wait in seconds."""

    def __init__(self, service: Service) -> None:
        self.slowest = 0.0
        self._refused = 0
        self._url = f"{service.url}/health"
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._ask, name="health")

    def __enter__(self) -> Self:
        """Starts polling."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops polling.

        Raises:
            RuntimeError: an answer was not 200.
        """
        self._stopped.set()
        self._thread.join()
        if error is None and self._refused > 0:
            raise RuntimeError(f"/health did not answer with 200 {self._refused} times.")

    def _ask(self) -> None:
        with httpx.Client(timeout=60) as client:
            while not self._stopped.wait(_HEALTH_PAUSE_SECONDS):
                began = time.monotonic()
                try:
                    self._refused += client.get(self._url).status_code != httpx.codes.OK
                except httpx.HTTPError:
                    self._refused += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
