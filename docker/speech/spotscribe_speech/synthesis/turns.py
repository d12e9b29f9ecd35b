"""Sentences of many callers take turns in the thread of the models."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from spotscribe_common.errors import OutOfMemoryError
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.service import ModelService
from spotscribe_speech.engines.engine import Samples

_log = logging.getLogger(__name__)
# After so many sentences of requests, a job gets one: it must make progress beside requests without end.
_MOST_IN_A_ROW = 8


@dataclass(eq=False)
class _Turn:
    work: Callable[[], Samples]
    done: asyncio.Future[Samples]
    is_patient: bool


class Turns:
    """One sentence at a time, those of requests before those of jobs. Used from one event loop.

    A caller gives its sentences one by one, so callers who wait at the same time advance equally.

    Args:
        owner: whose thread computes.
        priority: of this machine's services on one GPU.
    """

    def __init__(self, owner: ModelService, priority: GpuPriority) -> None:
        self._owner = owner
        self._priority = priority
        self._urgent: deque[_Turn] = deque()
        self._patient: deque[_Turn] = deque()
        self._in_a_row = 0
        self._running: _Turn | None = None
        self._pumping: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Sentences that wait."""
        return len(self._urgent) + len(self._patient)

    async def samples(self, work: Callable[[], Samples], *, is_patient: bool) -> Samples:
        """What `work` returns. Nobody's turn is taken for a caller who has left before it.

        Raises:
            OutOfMemoryError: the memory did not suffice.
            StuckError: the engine does not get on.
            Exception: what `work` raises.
        """
        turn = _Turn(work, asyncio.get_running_loop().create_future(), is_patient)
        (self._patient if is_patient else self._urgent).append(turn)
        if self._pumping is None or self._pumping.done():
            self._pumping = asyncio.ensure_future(self._pump())
        return await turn.done

    def fail(self, error: Exception) -> None:
        """Gives up everything that waits, and what is being computed."""
        running = [] if self._running is None else [self._running]
        for turn in [*running, *self._urgent, *self._patient]:
            _fail(turn, error)

    async def _pump(self) -> None:
        while (turn := self._next()) is not None:
            self._running = turn
            self._owner.give_up_when_stuck(self)
            async with self._owner.models.free:
                await self._compute(turn)
            self._running = None

    def _next(self) -> _Turn | None:
        while self._urgent or self._patient:
            is_job = bool(self._patient) and (not self._urgent or self._in_a_row >= _MOST_IN_A_ROW)
            turn = (self._patient if is_job else self._urgent).popleft()
            if not turn.done.done():
                self._in_a_row = 0 if is_job else self._in_a_row + 1
                return turn
        return None

    async def _compute(self, turn: _Turn) -> None:
        computed: list[Samples] = []

        def work() -> None:
            if turn.is_patient:
                self._priority.give_way(lambda: bool(self._urgent) or turn.done.done())
            first = nullcontext() if turn.is_patient else self._priority.first()
            with self._owner.ending_with_the_device(), first:
                computed.append(turn.work())

        try:
            await self._owner.models.run(work)
        except Exception as error:
            _fail(turn, _explained(error))
        else:
            if not turn.done.done():
                turn.done.set_result(computed[0])


def _explained(error: Exception) -> Exception:
    if not is_out_of_memory(error):
        return error
    _log.warning("out of memory: %s", error)
    release_memory()
    return OutOfMemoryError("The memory did not suffice for one sentence. Use a larger machine.")


def _fail(turn: _Turn, error: Exception) -> None:
    if not turn.done.done():
        turn.done.set_exception(error)
