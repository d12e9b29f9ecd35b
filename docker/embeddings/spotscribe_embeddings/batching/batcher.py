"""Lets texts of many requests share the batches of one engine."""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from spotscribe_common.errors import BusyError, OutOfMemoryError
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_common.work.model_thread import ModelThread
from spotscribe_embeddings.batching.orders import Item, Order, Vectors, batches
from spotscribe_embeddings.engines.engine import Engine, Matrix

_log = logging.getLogger(__name__)
# Texts of so many batches are sorted by length at once. More waste less, and the first text waits longer.
_SORTED_BATCHES = 8
_RETRY_SECONDS = 5


class Owner(Protocol):
    """The service whose models compute."""

    @property
    def models(self) -> ModelThread:
        """Their thread."""

    def give_up_when_stuck(self, waiting: Any) -> None:
        """Calls `waiting.fail` if they do not get on."""

    def ending_with_the_device(self) -> AbstractContextManager[None]:
        """Ends the process if the GPU is lost."""


class Batcher:
    """Computes vectors, one batch at a time. Used from one event loop, so it needs no lock of its own.

    Requests come before corpora, in the order of their arrival. Texts that wait at the same time are sorted
    by length. Texts of different requests share batches.

    Args:
        owner: whose thread computes.
        engine: loaded before the first order.
        most_waiting: tokens of requests that may wait.
    """

    def __init__(self, owner: Owner, engine: Engine, most_waiting: int) -> None:
        self._owner = owner
        self._engine = engine
        self._most_waiting = most_waiting
        self.batch_tokens = 2048
        self._urgent: deque[Item] = deque()
        self._patient: deque[Item] = deque()
        self._sorted: deque[list[Item]] = deque()
        self._was_urgent = False
        self._open: set[Order] = set()
        self._pumping: asyncio.Task[None] | None = None
        self.waiting_tokens = 0

    async def vectors(
        self, texts: Sequence[Sequence[int]], prompt_tokens: int, *, is_patient: bool = False
    ) -> Vectors:
        """The vectors of some texts.

        Args:
            texts: token ids of each.
            prompt_tokens: of the instruction, at the beginning of each.
            is_patient: whether all others come first.

        Raises:
            BusyError: too many tokens wait.
            OutOfMemoryError: the memory does not suffice for a single text.
            StuckError: the engine does not get on.
        """
        rows: Matrix = np.zeros((len(texts), self._engine.dimensions), dtype=np.float32)
        if not texts:
            return Vectors(rows, {})
        order = Order(texts, prompt_tokens, rows, asyncio.get_running_loop().create_future())
        tokens = order.tokens
        if not is_patient and self.waiting_tokens + tokens > max(self._most_waiting, tokens):
            raise BusyError(
                f"Texts of {self.waiting_tokens} tokens wait, and at most {self._most_waiting} may. "
                f"Try again in {_RETRY_SECONDS} s.",
                retry_after=_RETRY_SECONDS,
            )
        (self._patient if is_patient else self._urgent).extend((order, index) for index in range(len(texts)))
        self._open.add(order)
        self.waiting_tokens += tokens
        if self._pumping is None or self._pumping.done():
            self._pumping = asyncio.ensure_future(self._pump())
        try:
            return await order.done
        finally:
            self._open.discard(order)
            self.waiting_tokens -= tokens

    def fail(self, error: Exception) -> None:
        """Gives up everything that waits."""
        for order in [*self._open]:
            order.fail(error)

    async def _pump(self) -> None:
        async with self._owner.models.free, asyncio.TaskGroup() as computing:
            before: asyncio.Task[None] | None = None
            while batch := self._next():
                self._owner.give_up_when_stuck(self)
                this = computing.create_task(self._compute(batch))
                if before is not None:
                    await before
                before = this
                # Under load the event loop is late to notice the end of a batch. So the thread gets the next
                # one early, if it is full: a batch that could still grow waits for more texts.
                if not self._has_full_batch():
                    await this

    def _has_full_batch(self) -> bool:
        if len(self._sorted) > 1:
            return True
        waiting = itertools.chain.from_iterable(self._sorted), self._urgent, self._patient
        tokens = 0
        for order, index in itertools.chain.from_iterable(waiting):
            tokens += len(order.texts[index])
            if tokens >= self.batch_tokens:
                return True
        return False

    def _next(self) -> list[Item]:
        """The next batch of orders that somebody still waits for; empty if there is none."""
        while self._sorted or self._urgent or self._patient:
            if not self._sorted:
                self._sort_some()
            wanted = [item for item in self._sorted.popleft() if not item[0].done.done()]
            if wanted:
                return wanted
        return []

    def _sort_some(self) -> None:
        # After the requests that wait, a corpus gets one batch, so that it makes progress.
        is_urgent = bool(self._urgent) and not (self._was_urgent and self._patient)
        self._was_urgent = is_urgent
        queue = self._urgent if is_urgent else self._patient
        items: list[Item] = []
        # The texts of a corpus are sorted already.
        room = self.batch_tokens * (_SORTED_BATCHES if is_urgent else 1)
        while queue and (room > 0 or not items):
            order, index = queue.popleft()
            if not order.done.done():
                items.append((order, index))
                room -= len(order.texts[index])
        self._sorted.extend(batches(items, self.batch_tokens))

    async def _compute(self, batch: list[Item]) -> None:
        computed: list[Matrix] = []

        def work() -> None:
            with self._owner.ending_with_the_device():
                computed.append(self._engine.embed(ids, batch[0][0].prompt_tokens))

        ids = [order.texts[index] for order, index in batch]
        try:
            await self._owner.models.run(work)
        except Exception as error:
            if is_out_of_memory(error):
                self._shrink(batch)
            else:
                _give_up(batch, error)
        else:
            self._hand_out(batch, computed[0])

    def _shrink(self, batch: list[Item]) -> None:
        """Puts a batch that was too large back as two."""
        release_memory()
        if len(batch) == 1:
            _give_up(
                batch,
                OutOfMemoryError(
                    "The memory did not suffice for one text. Use a smaller model or a larger machine."
                ),
            )
            return
        longest = max(len(order.texts[index]) for order, index in batch)
        half = len(batch) // 2
        self.batch_tokens = max(longest, min(self.batch_tokens, longest * half))
        _log.warning("out of memory: batches have at most %d tokens from now on", self.batch_tokens)
        self._sorted.extendleft([batch[half:], batch[:half]])

    def _hand_out(self, batch: list[Item], vectors: Matrix) -> None:
        at = 0
        while at < len(batch):
            order = batch[at][0]
            end = at
            # Neighbours of one order are handed out together.
            while end < len(batch) and batch[end][0] is order:
                end += 1
            order.take([index for _, index in batch[at:end]], vectors[at:end])
            at = end


def _give_up(batch: list[Item], error: Exception) -> None:
    for order in {order for order, _ in batch}:
        order.fail(error)
