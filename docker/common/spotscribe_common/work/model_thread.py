"""The thread of the models."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue

from spotscribe_common.work.liveness import Liveness


class ModelThread:
    """One thread that loads the models and does all their work, in turn.

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
        self._thread = threading.Thread(target=self._run, daemon=True, name="models")

    async def run(self, work: Callable[[], None]) -> None:
        """Returns, or raises, what `work` does, after all that was given before.

        Cancelling the wait does not end the work.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def answered() -> None:
            failure: Exception | None = None
            try:
                with self.liveness.working():
                    work()
            except Exception as error:
                failure = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, done, failure)

        if self._thread.ident is None:
            self._thread.start()
        self._work.put(answered)
        await done

    def close(self) -> None:
        """Ends the thread when it has done what it was given."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
            # What it holds of a job must not wait for the next one.
            del work


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if done.done():
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(failure)
