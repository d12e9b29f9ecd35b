"""Bounds on all bodies that are on their way at once: their number, and their bytes on the scratch disk."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from spotscribe_common.errors import CrowdedError

_RETRY_SECONDS = 5
# A body that has come for so long can be told from a slow one.
_JUDGED_AFTER_SECONDS = 2.0
# Below this speed, in bytes per second, a body gives way to another when there are too many.
_SLOW = 64 << 10


class Arrival:
    """One body, from its first byte until nobody needs its file any more."""

    def __init__(self, intake: "Intake") -> None:
        self._intake = intake
        self._began = time.monotonic()
        self._timeout: asyncio.Timeout | None = None
        self._gave_way = False
        self.bytes = 0

    @property
    def seconds(self) -> float:
        """How long it has been coming."""
        return time.monotonic() - self._began

    @property
    def speed(self) -> float:
        """Bytes per second so far."""
        return self.bytes / max(self.seconds, 0.001)

    @asynccontextmanager
    async def waiting(self, seconds: float) -> AsyncIterator[None]:
        """The block waits for bytes.

        Raises:
            TimeoutError: it took longer than this, or the body gives way.
        """
        try:
            async with asyncio.timeout(seconds) as self._timeout:
                yield
        finally:
            # One that has been left cannot be rescheduled.
            self._timeout = None

    def give_way(self) -> None:
        """Ends it, for the sake of another one: at once if it waits, else with its next bytes."""
        self._gave_way = True
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())

    def check(self) -> None:
        """Refuses to go on with a body that has given way.

        Raises:
            CrowdedError: it has.
        """
        if self._gave_way:
            raise CrowdedError(
                "Too many uploads at once, and this was the slowest. Try again later.",
                retry_after=_RETRY_SECONDS,
            )

    def grew(self, count: int) -> None:
        """Counts bytes that have come.

        Raises:
            CrowdedError: it has given way, or the disk space for uploads is taken.
        """
        self.check()
        self._intake.take(count)
        self.bytes += count

    def complete(self) -> None:
        """Notes that the whole body is here."""
        self._intake.arrived(self)


class Intake:
    """Counts bodies. Used from one event loop, so it needs no lock.

    Args:
        bodies: greatest number of bodies that are being received.
        most_bytes: greatest size of all that have been received and are still needed.
    """

    def __init__(self, *, bodies: int, most_bytes: int) -> None:
        self._bodies = bodies
        self._most_bytes = most_bytes
        self._arriving: set[Arrival] = set()
        self._left_at = time.monotonic()
        self.bytes = 0

    @property
    def receiving(self) -> int:
        """Bodies that are being received."""
        return len(self._arriving)

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last body was received; 0 while one is."""
        return 0.0 if self._arriving else time.monotonic() - self._left_at

    @contextmanager
    def arrival(self) -> Iterator[Arrival]:
        """Counts a body for as long as the block runs.

        Raises:
            CrowdedError: there are too many, and none of them is slow.
        """
        self._make_room()
        arrival = Arrival(self)
        self._arriving.add(arrival)
        try:
            yield arrival
        finally:
            self.arrived(arrival)
            self.bytes -= arrival.bytes

    def arrived(self, arrival: Arrival) -> None:
        """Notes that a body is no longer being received."""
        if arrival in self._arriving:
            self._arriving.discard(arrival)
            self._left_at = time.monotonic()

    def take(self, count: int) -> None:
        """Takes disk space.

        Raises:
            CrowdedError: there is not enough.
        """
        if self.bytes + count > self._most_bytes:
            raise CrowdedError(
                f"The uploads at hand fill the {self._most_bytes} bytes that they may have on the disk. "
                "Try again later.",
                retry_after=_RETRY_SECONDS,
            )
        self.bytes += count

    def _make_room(self) -> None:
        if len(self._arriving) < self._bodies:
            return
        judged = [one for one in self._arriving if one.seconds >= _JUDGED_AFTER_SECONDS]
        slowest = min(judged, key=lambda one: one.speed, default=None)
        if slowest is None or slowest.speed > _SLOW:
            raise CrowdedError(
                f"{len(self._arriving)} uploads are being received, and no more are taken. Try again later.",
                retry_after=_RETRY_SECONDS,
            )
        slowest.give_way()
        self.arrived(slowest)
