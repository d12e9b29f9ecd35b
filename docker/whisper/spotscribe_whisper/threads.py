"""Threads for the engine."""

import asyncio
import threading
from collections.abc import Callable


async def in_thread(work: Callable[[], None]) -> None:
    """Runs `work` in a thread that does not keep the process from ending, as those of a pool would.

    Cancelling the wait does not end the thread.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def run() -> None:
        failure: Exception | None = None
        try:
            work()
        except Exception as error:
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, failure)

    def settle(failure: Exception | None) -> None:
        if done.done():
            return
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)

    threading.Thread(target=run, daemon=True, name="engine").start()
    await done
