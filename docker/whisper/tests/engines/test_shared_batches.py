"""Callers who wait for the same share batches, and none of them suffers for another."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from spotscribe_common.errors import CancelledWorkError, OutOfMemoryError
from spotscribe_common.work.model_thread import ModelThread
from spotscribe_whisper.engines.shared_batches import SharedBatches

SIZE = 4
NEVER: Callable[[], bool] = lambda: False  # noqa: E731


class Calls:
    """Callers, each in a thread, of one computation, which begins when all wait for it."""

    def __init__(self, failures: Sequence[Exception] = ()) -> None:
        self.batches = SharedBatches(SIZE, "cuda")
        self.computed: list[list[str]] = []
        self.failures = list(failures)
        self._models = ModelThread()
        self._may_begin = threading.Event()
        self._pool = ThreadPoolExecutor(16)
        holds = threading.Event()
        self._pool.submit(self._models.do, lambda: holds.set() or self._may_begin.wait(30), NEVER)
        holds.wait(30)

    def compute(self, items: Sequence[str]) -> list[str]:
        self.computed.append(list(items))
        if self.failures:
            raise self.failures.pop()
        if "poison" in items:
            raise RuntimeError("a poisonous item")
        return [item.upper() for item in items]

    def ask(self, *items: str, key: str = "key", is_stopped: Callable[[], bool] = NEVER) -> Future[list[str]]:
        """Returns when the caller waits for its turn, so that the order is certain."""
        before = self._models._work.qsize()
        asked = self._pool.submit(self.batches.results, key, items, self.compute, self._models.do, is_stopped)
        while items and self._models._work.qsize() == before:
            time.sleep(0.001)
        return asked

    def begin(self) -> None:
        self._may_begin.set()


def test_short_callers_are_in_the_first_batch_beside_a_long_one() -> None:
    calls = Calls()
    long = calls.ask(*(f"long{number}" for number in range(7)))
    short, other = calls.ask("a"), calls.ask("b", "c")
    calls.begin()
    assert (short.result(30), other.result(30)) == (["A"], ["B", "C"])
    assert long.result(30) == [f"LONG{number}" for number in range(7)]
    assert calls.computed[0] == ["long0", "long1", "a", "b"]
    assert sorted(map(len, calls.computed)) == [2, 4, 4]


def test_what_is_computed_in_another_way_is_another_batch() -> None:
    calls = Calls()
    found = [calls.ask("a", key="en"), calls.ask("b", key="de"), calls.ask("c", key="en")]
    calls.begin()
    assert [each.result(30) for each in found] == [["A"], ["B"], ["C"]]
    assert calls.computed == [["a", "c"], ["b"]]


def test_no_items_have_no_results_and_take_no_turn() -> None:
    calls = Calls()
    assert calls.ask().result(30) == []
    calls.begin()
    assert calls.computed == []


def test_items_that_cannot_be_computed_fail_their_caller_alone() -> None:
    calls = Calls()
    found = [calls.ask("a"), calls.ask("poison"), calls.ask("b")]
    calls.begin()
    assert found[0].result(30) == ["A"]
    with pytest.raises(RuntimeError, match="poisonous"):
        found[1].result(30)
    assert found[2].result(30) == ["B"]


def test_a_caller_who_has_left_is_not_computed() -> None:
    calls, left = Calls(), threading.Event()
    first, second = calls.ask("a"), calls.ask("b", is_stopped=left.is_set)
    left.set()
    calls.begin()
    assert first.result(30) == ["A"]
    with pytest.raises(CancelledWorkError):
        second.result(30)
    assert calls.computed == [["a"]]


def test_out_of_memory_halves_the_batches_for_good_and_everybody_is_served() -> None:
    calls = Calls([RuntimeError("CUDA failed with error out of memory")])
    found = [calls.ask("a", "b", "c"), calls.ask("d", "e")]
    calls.begin()
    assert [each.result(30) for each in found] == [["A", "B", "C"], ["D", "E"]]
    assert calls.batches.size == SIZE // 2
    assert [len(batch) for batch in calls.computed[:2]] == [SIZE, SIZE // 2]
    assert max(map(len, calls.computed[1:])) == SIZE // 2


def test_out_of_memory_of_the_smallest_batch_is_told_its_caller() -> None:
    failures = [RuntimeError("CUDA failed with error out of memory") for _ in range(2)]
    calls = Calls(failures)
    found = [calls.ask("a"), calls.ask("b")]
    calls.begin()
    with pytest.raises(OutOfMemoryError, match="batches of 2"):
        found[0].result(30)
    assert found[1].result(30) == ["B"]


def test_a_lost_device_is_not_tried_again() -> None:
    calls = Calls([RuntimeError("CUDA error: an illegal memory access was encountered")])
    first: Future[Any] = calls.ask("a")
    second = calls.ask("b")
    calls.begin()
    with pytest.raises(RuntimeError, match="illegal memory access"):
        first.result(30)
    assert second.result(30) == ["B"], "the scripted device is found again"
    assert calls.computed == [["a", "b"], ["b"]]
