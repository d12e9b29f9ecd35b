"""The one engine of a process, its state, and the work that is let in to it."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager, suppress
from typing import Literal, Protocol
from weakref import WeakSet

from fastapi import Request

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.http.http_errors import as_service_error
from spotscribe_common.process.stuck_exit import end_in
from spotscribe_common.receiving.body import Accepted, Body, receive
from spotscribe_common.receiving.intake import Intake
from spotscribe_common.settings import ServiceSettings
from spotscribe_common.work.admission import Admission
from spotscribe_common.work.device import Device, is_device_lost
from spotscribe_common.work.engine import ServedEngine
from spotscribe_common.work.fetched_models import FetchedModels
from spotscribe_common.work.job import Event, Job, Lane, Work
from spotscribe_common.work.liveness import StuckError
from spotscribe_common.work.metrics import Metrics
from spotscribe_common.work.model_thread import ModelThread

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 10
# Longest step of the work, in seconds: on a GPU a batch takes seconds; on two processors, 8 chunks of 30 s
# with Whisper large-v3 take minutes.
_STUCK_SECONDS = {"cuda": 300.0, "cpu": 900.0}
_WATCH_SECONDS = 1.0


class Waiting(Protocol):
    """Something that waits for the models' work."""

    def fail(self, error: Exception) -> None:
        """Gives up waiting: the work does not get on."""


class ModelService:
    """Loads the engine in the background and runs jobs, by default one at a time.

    Args:
        settings: the service's.
        engine: not yet loaded.
        metrics: where its times are counted.
    """

    def __init__(self, settings: ServiceSettings, engine: ServedEngine, metrics: Metrics) -> None:
        self.served = engine
        self.status: Literal["loading", "ok", "failed"] = "loading"
        self.failure: str | None = None
        # Called once, before the service accepts requests.
        self.when_loaded: Callable[[], None] | None = None
        self.admission = Admission(running=1, waiting=settings.max_waiting, retry_after=_RETRY_SECONDS)
        self.intake = Intake(bodies=settings.max_receiving, most_bytes=settings.max_receiving_bytes)
        self.models = ModelThread()
        mark = settings.models_mark
        self.fetched = FetchedModels(None if mark is None else settings.model_dir / mark)
        self._limits = settings
        self._counted = metrics
        self._jobs: WeakSet[Waiting] = WeakSet()
        self.models.liveness.limit = settings.load_seconds
        metrics.gauge("spotscribe_queue_inside", "Requests let in.", lambda: self.admission.inside)
        metrics.gauge("spotscribe_queue_limit", "Requests that are let in.", lambda: self.admission.limit)
        metrics.gauge("spotscribe_receiving", "Bodies being received.", lambda: self.intake.receiving)
        metrics.gauge("spotscribe_receiving_bytes", "Bytes of bodies on disk.", lambda: self.intake.bytes)
        metrics.gauge("spotscribe_ready", "1 if the model is loaded.", lambda: self.status == "ok")
        metrics.gauge(
            "spotscribe_silent_seconds",
            "Seconds since the model's work last got on; 0 while there is none.",
            lambda: self.models.liveness.silent_seconds,
        )
        metrics.watch_gpu(self.device)

    async def load(self) -> None:
        """Imports packages while the machine fetches the models, loads the engine, then what else there is.

        A failure is kept for `/health`: the process stays up to be asked why.
        """
        try:
            await self.models.run(self.prepare)
            await self.fetched.wait()
            await self.models.run(self.served.load)
            await self.load_more()
            if self.when_loaded is not None:
                self.when_loaded()
            by_device = _STUCK_SECONDS[self.served.device().kind]
        except Exception as error:
            self.failure = as_service_error(error).message
            self.status = "failed"
            _log.error("engine %s failed to load: %s", self.served.name, self.failure)
        if self.fetched.have_changed:
            self._end_for_good("The machine fetched the models anew, and the service is restarting.")
        if self.status == "failed":
            return
        self.models.liveness.limit = self._limits.stuck_seconds or by_device
        # Not only at the watch's next turn: until then, the first work would have the long limit of loading.
        self._put_off_the_end()
        self.status = "ok"
        _log.info("engine %s loaded model %s", self.served.name, self.served.model)

    def prepare(self) -> None:
        """Imports what loading needs, in the models' thread. What fails here fails when it is loaded."""
        with suppress(Exception):
            self.served.prepare()

    async def load_more(self) -> None:
        """Loads what a service has beside its engine, and can do without."""

    async def watch(self) -> None:
        """Postpones the end of the process while its work and this event loop make progress.

        Jobs fail when their work makes no progress for `limit`. The process ends after twice that time, and
        its supervisor (ECS) starts another. A slow step may still finish between these two times.
        """
        told = False
        try:
            while True:
                liveness = self.models.liveness
                self._put_off_the_end()
                if liveness.is_stuck:
                    self._give_up(first=not told)
                told = liveness.is_stuck
                await asyncio.sleep(min(_WATCH_SECONDS, liveness.limit / 4))
        except asyncio.CancelledError:
            # Not after a fault of this loop itself: who is not watched ends.
            end_in(None)
            raise

    def _put_off_the_end(self) -> None:
        liveness = self.models.liveness
        end_in(2 * liveness.limit - liveness.silent_seconds)

    def _give_up(self, *, first: bool) -> None:
        """Tells everybody who waits for the work, also those who came since."""
        seconds = self.models.liveness.silent_seconds
        if first:
            _log.critical("the model's work made no progress for %.0f s: its jobs are given up", seconds)
        for job in [*self._jobs]:
            job.fail(StuckError(seconds))
            self._jobs.discard(job)

    @property
    def missing(self) -> str | None:
        """What the machine lacks for the work, and how to install it; shown by `/health`."""
        return None

    @property
    def stuck_seconds(self) -> float | None:
        """For how long the work made no progress, if it is stuck."""
        liveness = self.models.liveness
        return liveness.silent_seconds if liveness.is_stuck else None

    def device(self) -> Device | None:
        """What the engine runs on; None before it is loaded, and while it is stuck, as a driver may be."""
        return self.served.device() if self.status == "ok" and self.stuck_seconds is None else None

    def check_ready(self) -> None:
        """Refuses work that cannot be done now.

        Raises:
            ModelMissingError: the engine is not loaded.
            StuckError: its work does not get on.
        """
        if self.status == "loading":
            doing = "fetched to this machine" if self.fetched.are_awaited else "loaded"
            raise ModelMissingError(
                f"The model {self.served.model} is being {doing}.", retry_after=_RETRY_SECONDS
            )
        if self.failure is not None:
            raise ModelMissingError(self.failure)
        if self.stuck_seconds is not None:
            raise StuckError(self.stuck_seconds)

    @property
    def idle_seconds(self) -> float:
        """Seconds without a request, or a body that is on its way."""
        return min(self.admission.idle_seconds, self.intake.idle_seconds)

    async def receive(self, request: Request, accepted: Accepted, opened: AsyncExitStack) -> Body:
        """Receives a whole body. A request takes a place only after that: slow senders must not hold one.

        Args:
            request: whose body nobody has read.
            accepted: what may come.
            opened: closes the body's files.

        Raises:
            ServiceError: no model, no place, a bad body, or no room for it.
        """
        self.check_ready()
        self.admission.check()
        return await receive(request, accepted, self.intake, self._limits.tmpdir, opened)

    def job(self, work: Work[Event], holding: ExitStack, lane: Lane | None = None) -> Job[Event]:
        """Starts work, which waits for its place. `holding` is closed when it has ended.

        Args:
            work: what is done.
            holding: what is closed when the work has ended.
            lane: where it is done; by default in the models' thread, one job at a time.
        """

        def watched(emit: Callable[[Event], None], is_stopped: Callable[[], bool]) -> None:
            with self.ending_with_the_device():
                work(emit, is_stopped)

        job = Job(
            watched,
            lane or self.models,
            holding,
            lambda seconds: self._counted.took("wait", seconds),
            self.models.liveness,
        )
        self.give_up_when_stuck(job)
        return job

    def give_up_when_stuck(self, waiting: Waiting) -> None:
        """Tells `waiting`, once, if the models' work does not get on."""
        self._jobs.add(waiting)

    @contextmanager
    def ending_with_the_device(self) -> Iterator[None]:
        """Ends the process if the block finds the GPU lost to it."""
        try:
            yield
        except RuntimeError as error:
            if is_device_lost(error):
                # Nothing in this process can use the GPU any more.
                _log.critical("the GPU is lost to this process: %s", error)
                self._end_for_good("The GPU failed, and the service is restarting.")
            raise

    def _end_for_good(self, failure: str) -> None:
        """Ends this process, so that its supervisor starts a new one."""
        self.failure = failure
        self.status = "failed"
        _log.critical("the process ends: %s", failure)
        os.kill(os.getpid(), signal.SIGTERM)

    def close(self) -> None:
        """Ends the models' thread when it has let go of what it does."""
        self.models.close()
