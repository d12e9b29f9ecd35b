"""Bounded admission: a few requests are let in, the rest are told to come back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from spotscribe_common.errors import BusyError


class Admission:
    """Counts the requests inside. Used from one event loop, so it needs no lock.

    Args:
        running: requests that are worked on at once; it may change.
        waiting: further requests that may wait inside.
        retry_after: seconds after which a refused caller should try again.
    """

    def __init__(self, *, running: int, waiting: int, retry_after: int) -> None:
        self.running = running
        self._waiting = waiting
        self.inside = 0
        self._retry_after = retry_after
        self._left_at = time.monotonic()

    @property
    def limit(self) -> int:
        """Requests that are let in at the same time."""
        return self.running + self._waiting

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last one inside has left, at first since the beginning; 0 while one is inside."""
        return 0.0 if self.inside > 0 else time.monotonic() - self._left_at

    def check(self) -> None:
        """Refuses where a place would be refused now, before a body is received for nothing.

        Raises:
            BusyError: every place is taken.
        """
        if self.inside >= self.limit:
            raise BusyError(
                f"{self.inside} requests are being worked on or wait, and no more are let in. "
                f"Try again in {self._retry_after} s.",
                retry_after=self._retry_after,
            )

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Holds a place for as long as the block runs.

        Raises:
            BusyError: every place is taken.
        """
        self.check()
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._left_at = time.monotonic()
