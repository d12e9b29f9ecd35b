"""Where jobs are done: short ones beside a long one, so that their steps alternate and share batches."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from spotscribe_common.work.job import Lane
from spotscribe_common.work.model_thread import ModelThread, promise


class Lanes:
    """Finds each job its lane: long jobs run one at a time, and short ones together, as many as fit.

    In each lane, jobs begin in the order in which they came. A long job delays short ones by its steps alone,
    and short ones never keep a long one from its place.

    Args:
        models: the thread of the models.
        together: greatest size of all short jobs that run at once. A larger job is long. With 0, all jobs run
            in the models' thread, one at a time.
    """

    def __init__(self, models: ModelThread, together: float) -> None:
        self._models = models
        self._together = together
        self._long = asyncio.Lock()
        self._short = _Room(together)

    def lane(self, size: float) -> Lane:
        """The lane of a job of this size, whose steps :meth:`ModelThread.do` does in either case."""
        if self._together <= 0:
            return self._models
        return _OwnThread(self._long if size > self._together else self._short.taken(size))


class PriorityLanes:
    """Two lanes: jobs that go first, and jobs whose steps are done in the gaps between those.

    In each lane, jobs run one at a time, in the order in which they came. A job in the gaps delays one that
    goes first by one step at most.

    Args:
        models: the thread of the models.
    """

    def __init__(self, models: ModelThread) -> None:
        self._models = models
        self._in_gaps = asyncio.Lock()

    def first(self) -> Lane:
        """The lane of a job that runs in the models' thread as a whole."""
        return _First(self._models)

    def in_gaps(self) -> Lane:
        """The lane of a job in a thread of its own, whose steps :meth:`ModelThread.do_in_gap` does."""
        return _OwnThread(self._in_gaps)


class Unqueued:
    """A lane for any number of jobs, which ask for the models themselves.

    Args:
        run_in_thread: returns, or raises, what a function does in a thread.
    """

    def __init__(self, run_in_thread: Callable[[Callable[[], None]], Awaitable[None]]) -> None:
        self.free = nullcontext()
        self._run_in_thread = run_in_thread

    async def run(self, work: Callable[[], None]) -> None:
        """See :class:`Lane`."""
        await self._run_in_thread(work)


class _First:
    """A lane in the models' thread. A job goes first as soon as it waits for its place."""

    def __init__(self, models: ModelThread) -> None:
        self.free = _ahead(models)
        self.run = models.run


@asynccontextmanager
async def _ahead(models: ModelThread) -> AsyncIterator[None]:
    with models.first():
        async with models.free:
            yield


class _OwnThread:
    """A lane for one job, which runs in a thread of its own."""

    def __init__(self, free: AbstractAsyncContextManager[object]) -> None:
        self.free = free

    async def run(self, work: Callable[[], None]) -> None:
        promised, done = promise(work)
        # A pool's thread would keep the process from ending.
        threading.Thread(target=promised, daemon=True, name="job").start()
        await done


class _Room:
    """Room that is taken in pieces, in the order in which they were asked for."""

    def __init__(self, most: float) -> None:
        self._left = most
        self._first = asyncio.Lock()
        self._given_back = asyncio.Event()

    @asynccontextmanager
    async def taken(self, size: float) -> AsyncIterator[None]:
        async with self._first:
            while size > self._left:
                self._given_back.clear()
                await self._given_back.wait()
            self._left -= size
        try:
            yield
        finally:
            self._left += size
            self._given_back.set()
