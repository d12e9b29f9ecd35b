"""Tells work that goes on from work that is stuck, by marks that the working thread leaves at each step."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from spotscribe_common.errors import RetryableError


class Liveness:
    """When the work of one thread last got on.

    Attributes:
        limit: seconds without a mark after which the work counts as stuck.
    """

    def __init__(self, limit: float = math.inf) -> None:
        self.limit = limit
        # None while there is no work.
        self._marked_at: float | None = None

    @contextmanager
    def working(self) -> Iterator[None]:
        """The block is work of this thread, and :func:`mark` means this."""
        self.mark()
        before = _work.set(self)
        try:
            yield
        finally:
            _work.reset(before)
            self._marked_at = None

    def mark(self) -> None:
        """The work has got on by a step."""
        self._marked_at = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """Seconds since the last mark; 0 while there is no work."""
        marked_at = self._marked_at
        return 0.0 if marked_at is None else time.monotonic() - marked_at

    @property
    def is_stuck(self) -> bool:
        """Whether the work made no progress for longer than any of its steps takes."""
        return self.silent_seconds > self.limit


_work: ContextVar[Liveness | None] = ContextVar("work", default=None)


def mark() -> None:
    """Leaves a mark: a batch is recognised, a layer is computed, a token is written.

    It costs nothing beside such a step. It is for steps that are done, not for loops that only wait. In a
    thread that does no work of a service, such as a test's, it does nothing.
    """
    work = _work.get()
    if work is not None:
        work.mark()


class StuckError(RetryableError):
    """The model's work makes no progress; the service is about to restart."""

    status = 503

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The model's work made no progress for {seconds:.0f} s. If this continues, the service "
            "restarts. Send the request again.",
            retry_after=30,
        )
