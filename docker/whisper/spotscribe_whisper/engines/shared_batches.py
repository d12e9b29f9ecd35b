"""Batches that recordings share: a GPU takes hardly longer for sixteen chunks than for one."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from spotscribe_common.errors import OutOfMemoryError
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_common.work.device import is_device_lost
from spotscribe_common.work.model_thread import InTurn

_log = logging.getLogger(__name__)
Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass(eq=False)
class _Order:
    """What one caller wants to be computed, and what has been."""

    key: Hashable
    items: Sequence[Any]
    compute: Callable[[Sequence[Any]], Sequence[Any]]
    is_stopped: Callable[[], bool]
    found: list[Any] = field(default_factory=list)

    @property
    def left(self) -> int:
        return len(self.items) - len(self.found)


class SharedBatches:
    """Computes items of several callers in common batches.

    Each caller waits for a turn, and fills the batch that it then computes with items of all who wait for the
    same: one of each in turn, so that a short recording is not behind a long one.

    Args:
        size: items that are computed at once. After a lack of memory it is half of that, for good.
        device: what computes, for messages.
    """

    def __init__(self, size: int, device: str) -> None:
        self.size = size
        self._is_halved = False
        self._device = device
        # In the order of their arrival.
        self._orders: dict[_Order, None] = {}
        self._lock = threading.Lock()

    def results(
        self,
        key: Hashable,
        items: Sequence[Item],
        compute: Callable[[Sequence[Item]], Sequence[Found]],
        in_turn: InTurn,
        is_stopped: Callable[[], bool],
    ) -> list[Found]:
        """The result of each item.

        Args:
            key: items with equal keys are computed together.
            items: in any number.
            compute: the results of up to `size` items, which do not depend on each other.
            in_turn: does one step at a time, of all callers.
            is_stopped: asked before each batch.

        Raises:
            CancelledWorkError: `is_stopped()` became true.
            OutOfMemoryError: the memory does not suffice, not even for smaller batches.
        """
        order = _Order(key, items, compute, is_stopped)
        with self._waiting(order):
            while order.left:
                in_turn(lambda: self._advance(order), is_stopped)
        return order.found

    @contextmanager
    def _waiting(self, order: _Order) -> Iterator[None]:
        with self._lock:
            self._orders[order] = None
        try:
            yield
        finally:
            self._leave(order)

    def _leave(self, order: _Order) -> None:
        with self._lock:
            self._orders.pop(order, None)

    def _advance(self, order: _Order) -> None:
        try:
            self._compute_batch(order)
        except Exception:
            # At once: the caller's own thread may get on after the next batch.
            self._leave(order)
            raise

    def _compute_batch(self, order: _Order) -> None:
        """Computes one batch for this caller and others. If it fails, a smaller one for this caller alone."""
        shares = self._shares(order)
        while order.left:
            try:
                self._compute(shares)
            except Exception as error:  # what is wrong with another's items must not end this job
                self._divide(error, is_shared=len(shares) > 1)
            else:
                break
            # Not where the failure is handled: its traceback would keep what took the memory.
            release_memory()
            shares = {order: min(order.left, self.size)}

    def _divide(self, error: Exception, *, is_shared: bool) -> None:
        """Raises the error if a smaller batch would not help."""
        if not is_out_of_memory(error):
            if not is_shared or (isinstance(error, RuntimeError) and is_device_lost(error)):
                raise error
            _log.warning("a shared batch failed, and is divided: %s", error)
        elif not self._is_halved:
            self._is_halved = True
            self.size = max(self.size // 2, 1)
            _log.warning("out of memory: batches are of %d from here on", self.size)
        elif not is_shared:
            raise OutOfMemoryError(
                f"The {self._device} ran out of memory, also with batches of {self.size}. "
                "Use a smaller model, a smaller compute type, or a larger machine."
            ) from error

    def _shares(self, order: _Order) -> dict[_Order, int]:
        """How many items of each order are in the next batch."""
        with self._lock:
            others = [
                other
                for other in self._orders
                if other is not order and other.key == order.key and other.left and not other.is_stopped()
            ]
        shares = Counter[_Order]()
        while shares.total() < self.size:
            wanting = [each for each in (order, *others) if shares[each] < each.left]
            if not wanting:
                break
            shares.update(wanting[: self.size - shares.total()])
        return shares

    def _compute(self, shares: dict[_Order, int]) -> None:
        batch = [
            item
            for order, count in shares.items()
            for item in islice(order.items, len(order.found), len(order.found) + count)
        ]
        found = iter(next(iter(shares)).compute(batch))
        for order, count in shares.items():
            order.found += islice(found, count)
