"""A piece of work for the models, from its wait for them to its last event."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Generic, Protocol, TypeVar

from fastapi import Request

from spotscribe_common.errors import CancelledWorkError, InternalError, OutOfMemoryError
from spotscribe_common.http.disconnect import while_connected
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_common.work.liveness import Liveness, mark

_log = logging.getLogger(__name__)
Event = TypeVar("Event")
Last = TypeVar("Last")
# What emits events and, where it asks whether to stop and hears yes, raises a CancelledWorkError.
Work = Callable[[Callable[[Event], None], Callable[[], bool]], None]


class Lane(Protocol):
    """Where jobs are worked on."""

    @property
    def free(self) -> AbstractAsyncContextManager[object]:
        """A place, which a job waits for and holds."""

    async def run(self, work: Callable[[], None]) -> None:
        """Returns, or raises, what `work` does in some thread."""


class Job(Generic[Event]):
    """Runs in a task of its own: it holds the models until they have let go, whatever becomes of the request.

    Args:
        work: what is done, in a thread of the lane.
        lane: where it is done, such as in the models' thread.
        holding: what is closed when the job has ended: its audio, its place among those admitted.
        waited: told how long it has waited for its place, in seconds.
        liveness: of the models.
    """

    def __init__(
        self,
        work: Work[Event],
        lane: Lane,
        holding: ExitStack,
        waited: Callable[[float], None],
        liveness: Liveness,
    ) -> None:
        self._work = work
        self._lane = lane
        self._holding = holding
        self._waited = waited
        self._liveness = liveness
        self._stopped = threading.Event()
        self._working = False
        # Not bounded: it holds no more than the result, which is kept anyway.
        self._events: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._run())
        # Not in the task itself: one that is cancelled before its first step never runs.
        self._task.add_done_callback(self._end)

    async def events(self) -> AsyncIterator[Event]:
        """The events as they come; ends early if the job is cancelled, and raises what the work raised."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    async def result(self, kind: type[Last]) -> Last:
        """The first event of this kind, and no other."""
        async for event in self.events():
            if isinstance(event, kind):
                return event
        raise InternalError("The work was cancelled.")

    def cancel(self) -> None:
        """Ends the job: at once if it waits, else when the work next asks; one that has ended stays so."""
        self._stopped.set()
        if not self._working:
            self._task.cancel()

    def fail(self, error: Exception) -> None:
        """Ends the events with an error, whatever the work does, and the job as `cancel` does."""
        self._events.put_nowait(error)
        self.cancel()

    @property
    def is_stuck(self) -> bool:
        """Whether the models' work, this job's or the one that it waits for, does not get on."""
        return self._liveness.is_stuck

    async def _run(self) -> None:
        waiting = time.monotonic()
        async with self._lane.free:
            self._waited(time.monotonic() - waiting)
            self._working = True
            await self._lane.run(self._worked)

    def _end(self, task: asyncio.Future[None]) -> None:
        self._holding.close()
        failure = None if task.cancelled() else task.exception()
        self._events.put_nowait(failure if isinstance(failure, Exception) else None)

    def _worked(self) -> None:
        loop = self._task.get_loop()

        def emit(event: Event) -> None:
            mark()
            loop.call_soon_threadsafe(self._events.put_nowait, event)

        try:
            self._work(emit, self._stopped.is_set)
        except CancelledWorkError:
            return
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            _log.warning("out of memory: %s", error)
        else:
            return
        # Outside of the handler: the error's traceback would keep what took the memory.
        release_memory()
        raise OutOfMemoryError("The memory did not suffice. Use a smaller model or a larger machine.")


async def result_of(request: Request, job: Job[Event], kind: type[Last]) -> Last:
    """The job's event of this kind. The job ends with the connection, whoever ends it."""
    try:
        return await while_connected(request.receive, job.result(kind))
    finally:
        job.cancel()
