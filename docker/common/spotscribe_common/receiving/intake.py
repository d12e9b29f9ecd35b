"""Bounds on all bodies that are on their way at once: their number, and their bytes on the scratch disk."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from spotscribe_common.errors import CrowdedError
from spotscribe_common.receiving.pace import WINDOW_SECONDS, Pace

_RETRY_SECONDS = 5
# A body that has come for so long can be told from a slow one. A younger one's speed counts as if it had
# taken as long.
_JUDGED_AFTER_SECONDS = 2.0
# So many younger ones, drawn at random, compete with the slowest. One that has just begun is rarely drawn,
# and wins where it has sent more than the other.
_DRAWN = 2
# Below this speed, in bytes per second, a body gives way to another when there are too many.
_SLOW = 64 << 10


class Arrival:
    """One body, from its first byte until nobody needs its file any more."""

    def __init__(self, intake: "Intake", clock: Callable[[], float]) -> None:
        self._intake = intake
        self._clock = clock
        self._began = clock()
        self._timeout: asyncio.Timeout | None = None
        # While the service writes bytes to the disk, the client's time stands still. `_left_at` is when the
        # present write began, `_ours` the seconds of the earlier ones.
        self._left_at: float | None = None
        self._ours = 0.0
        self._pace = Pace()
        self._gave_way = False
        self.bytes = 0

    @property
    def seconds(self) -> float:
        """How long the client has had so far."""
        now = self._clock() if self._left_at is None else self._left_at
        return now - self._began - self._ours

    @property
    def speed(self) -> float:
        """Bytes per second lately."""
        seconds = self.seconds
        return self._pace.recent(seconds) / max(min(seconds, WINDOW_SECONDS), _JUDGED_AFTER_SECONDS)

    @asynccontextmanager
    async def waiting(self, seconds: float) -> AsyncIterator[None]:
        """The block waits for bytes.

        Raises:
            TimeoutError: it took longer than this, or the body gives way.
        """
        if self._left_at is not None:
            self._ours += self._clock() - self._left_at
            self._left_at = None
        try:
            async with asyncio.timeout(seconds) as self._timeout:
                yield
        finally:
            # One that has been left cannot be rescheduled.
            self._timeout = None
            self._left_at = self._clock()

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
        self._pace.add(self.seconds, count)
        self._intake.take(self, count)
        self.bytes += count

    def complete(self) -> None:
        """Notes that the whole body is here."""
        self._intake.arrived(self)


class Intake:
    """Counts bodies. Used from one event loop, so it needs no lock.

    Args:
        bodies: greatest number of bodies that are being received.
        most_bytes: greatest size of all that have been received and are still needed.
        clock: seconds that never go back.
    """

    def __init__(self, *, bodies: int, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bodies = bodies
        self._most_bytes = most_bytes
        self._arriving: set[Arrival] = set()
        self._left_at = clock()
        self.bytes = 0

    @property
    def receiving(self) -> int:
        """Bodies that are being received."""
        return len(self._arriving)

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last body was received; 0 while one is."""
        return 0.0 if self._arriving else self._clock() - self._left_at

    @contextmanager
    def arrival(self) -> Iterator[Arrival]:
        """Counts a body for as long as the block runs.

        Raises:
            CrowdedError: there are too many, and none of them is slow.
        """
        self._make_room()
        arrival = Arrival(self, self._clock)
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
            self._left_at = self._clock()

    def take(self, arrival: Arrival, count: int) -> None:
        """Takes disk space for bytes of this body.

        Raises:
            CrowdedError: there is not enough, and no slower body has it.
        """
        missing = self.bytes + count - self._most_bytes
        if missing > 0:
            slowest = self._slowest(holding=missing)
            if slowest is None or slowest.speed >= arrival.speed:
                raise CrowdedError(
                    f"The uploads at hand fill the {self._most_bytes} bytes that they may have on the disk. "
                    "Try again later.",
                    retry_after=_RETRY_SECONDS,
                )
            self._end(slowest)
        self.bytes += count

    def _make_room(self) -> None:
        if len(self._arriving) < self._bodies:
            return
        slowest = self._slowest()
        if slowest is None:
            raise CrowdedError(
                f"{len(self._arriving)} uploads are being received, and no more are taken. Try again later.",
                retry_after=_RETRY_SECONDS,
            )
        self._end(slowest)

    def _slowest(self, *, holding: int = 0) -> Arrival | None:
        """The body that gives way; None if none is slow. It has `holding` bytes on the disk at least."""
        slow = [one for one in self._arriving if one.speed < _SLOW and one.bytes >= holding]
        young = [one for one in slow if one.seconds < _JUDGED_AFTER_SECONDS]
        spared = set(random.sample(young, max(0, len(young) - _DRAWN)))
        return min((one for one in slow if one not in spared), key=lambda one: one.speed, default=None)

    def _end(self, slow: Arrival) -> None:
        slow.give_way()
        self.arrived(slow)
        # Its file is closed as soon as its reader has its turn.
        self.bytes -= slow.bytes
        slow.bytes = 0
