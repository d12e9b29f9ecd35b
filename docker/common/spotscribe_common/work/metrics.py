"""What every model service counts, for Prometheus."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from spotscribe_common.work.device import Device

# Seconds: from a short clip's decoding to ten hours' diarization.
_STAGE_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Metrics:
    """One process's figures, in a registry of their own.

    Args:
        stages: names of the stages whose times are counted, beside `wait (for the engine)`.
    """

    def __init__(self, stages: str) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "spotscribe_requests", "Answered requests.", ["route", "status"], registry=self.registry
        )
        self._stages = Histogram(
            "spotscribe_stage_seconds",
            f"Time of each stage: wait (for the engine), {stages}.",
            ["stage"],
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        self._degraded = Counter(
            "spotscribe_degraded", "Results that lack something.", ["stage"], registry=self.registry
        )

    def answered(self, route: str, status: int) -> None:
        """Counts a request by the route's template and the HTTP status."""
        self._requests.labels(route, str(status)).inc()

    def degraded(self, stage: str) -> None:
        """Counts a result that lacks a stage."""
        self._degraded.labels(stage).inc()

    def took(self, stage: str, seconds: float) -> None:
        """Counts a stage's time."""
        self._stages.labels(stage).observe(seconds)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Counts the time of the block, however it ends."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.took(stage, time.monotonic() - began)

    def gauge(self, name: str, says: str, value: Callable[[], float]) -> None:
        """Shows a value, asked for when the metrics are."""
        Gauge(name, says, registry=self.registry).set_function(value)

    def watch_gpu(self, device: Callable[[], Device | None]) -> None:
        """Shows the GPU's memory; 0 where there is none."""

        def total() -> float:
            found = device()
            return 0 if found is None else found.memory_total or 0

        def used() -> float:
            found = device()
            return 0 if found is None else found.memory_used or 0

        self.gauge("spotscribe_gpu_memory_total_bytes", "Memory of the GPU.", total)
        self.gauge("spotscribe_gpu_memory_used_bytes", "Memory of the GPU in use, by whomever.", used)

    def exposition(self) -> bytes:
        """All figures in Prometheus's text format."""
        return generate_latest(self.registry)
