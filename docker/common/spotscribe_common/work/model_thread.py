"""The thread of the models."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaitingError
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Protocol, TypeVar

from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.work.liveness import Liveness

_LOOK_SECONDS = 0.2
Done = TypeVar("Done")


class InTurn(Protocol):
    """Does a step of a job's work in the thread of the models."""

    def __call__(self, work: Callable[[], Done], is_stopped: Callable[[], bool], /) -> Done:
        """What `work` returns or raises.

        Raises:
            CancelledWorkError: `is_stopped()` became true before the step began.
        """


def at_once(work: Callable[[], Done], is_stopped: Callable[[], bool]) -> Done:
    """Does a step in the thread that asks for it, which is the only one that uses the models."""
    if is_stopped():
        raise CancelledWorkError
    return work()


class ModelThread:
    """One thread that loads the models and does all their work, in turn.

    A job runs in it as a whole (`run`), or in a thread of its own that asks for each step (`do`), so that the
    steps of several jobs alternate. Steps of `do_in_gap` are done while no job goes `first`.

    A second one would have OpenMP threads of its own beside the first one's, which wait for work: more than
    there are processors, so that libgomp lets them sleep after each piece of work. That doubled the time of
    Whisper tiny on two processors. A pool's thread would keep the process from ending.

    Attributes:
        free: lock for who wants to be able to give up waiting for the thread.
        liveness: when its work last got on.
    """

    def __init__(self) -> None:
        self.free = asyncio.Lock()
        self.liveness = Liveness()
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._starting = threading.Lock()
        # How many jobs go first, and told when that changes.
        self._ahead = 0
        self._gap = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True, name="models")

    def do(self, work: Callable[[], Done], is_stopped: Callable[[], bool]) -> Done:
        """For the thread of a job: does a step of its work, after all that was given before.

        In the models' own thread it is done at once. See :class:`InTurn`.
        """
        if threading.current_thread() is self._thread:
            return at_once(work, is_stopped)
        done: Future[Done] = Future()

        def answered() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                with self.liveness.working():
                    result = at_once(work, is_stopped)
            except Exception as error:
                done.set_exception(error)
            else:
                done.set_result(result)

        self._give(answered)
        while True:
            with suppress(StillWaitingError):
                return done.result(timeout=_LOOK_SECONDS)
            # What has begun may use what the caller holds, such as its audio: it is waited for.
            if is_stopped() and done.cancel():
                raise CancelledWorkError

    @contextmanager
    def first(self) -> Iterator[None]:
        """Until the block ends, no step of `do_in_gap` begins; one that has begun is finished."""
        self._go_first(1)
        try:
            yield
        finally:
            self._go_first(-1)

    def _go_first(self, more: int) -> None:
        with self._gap:
            self._ahead += more
            self._gap.notify_all()

    def do_in_gap(self, work: Callable[[], Done], is_stopped: Callable[[], bool]) -> Done:
        """As `do`, once no job goes `first`. Not for the models' own thread, in which those jobs work."""
        with self._gap:
            while self._ahead > 0:
                if is_stopped():
                    raise CancelledWorkError
                self._gap.wait(_LOOK_SECONDS)
        return self.do(work, is_stopped)

    async def run(self, work: Callable[[], None]) -> None:
        """Returns, or raises, what `work` does, after all that was given before.

        Cancelling the wait does not end the work.
        """

        def watched() -> None:
            with self.liveness.working():
                work()

        promised, done = promise(watched)
        self._give(promised)
        await done

    def _give(self, work: Callable[[], None]) -> None:
        with self._starting:
            if self._thread.ident is None:
                self._thread.start()
        self._work.put(work)

    def close(self) -> None:
        """Ends the thread when it has done what it was given."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            # What it holds of a job must not wait for the next one.
            del work


def promise(work: Callable[[], None]) -> tuple[Callable[[], None], "asyncio.Future[None]"]:
    """The work to be done in another thread, and its end as a future of this event loop."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def promised() -> None:
        failure: Exception | None = None
        try:
            work()
        except Exception as error:
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, done, failure)

    return promised, done


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
