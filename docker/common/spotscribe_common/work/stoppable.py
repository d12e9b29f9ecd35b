"""Waiting in a thread that looks, meanwhile, whether it is to stop."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaitingError
from contextlib import suppress
from typing import TypeVar

from spotscribe_common.errors import CancelledWorkError

_LOOK_SECONDS = 0.2
Awaited = TypeVar("Awaited")
IsStopped = Callable[[], bool]


def awaited(work: "Future[Awaited]", is_stopped: IsStopped) -> Awaited:
    """What `work` returns.

    Raises:
        CancelledWorkError: nobody wants it any more. Then `work` is cancelled.
    """
    while True:
        with suppress(StillWaitingError):
            return work.result(timeout=_LOOK_SECONDS)
        if is_stopped():
            work.cancel()
            raise CancelledWorkError


class Unsent:
    """Bounds what waits for a client. The work waits for it, so that the memory stays flat.

    Args:
        most: events that may wait.
    """

    def __init__(self, most: int) -> None:
        self._room = threading.Semaphore(most)

    def sent(self) -> None:
        """An event has been sent: another one may be made."""
        self._room.release()

    def wait(self, is_stopped: IsStopped) -> None:
        """Waits until an event may be made.

        Raises:
            CancelledWorkError: nobody wants it any more.
        """
        while not self._room.acquire(timeout=_LOOK_SECONDS):
            if is_stopped():
                raise CancelledWorkError
