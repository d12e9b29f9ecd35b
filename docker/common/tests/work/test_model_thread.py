"""The thread that the models live in."""

import asyncio
import threading
from functools import partial

import pytest

from spotscribe_common.work.model_thread import ModelThread


async def test_everything_is_done_in_one_thread_in_turn() -> None:
    thread, done = ModelThread(), list[tuple[int, int]]()

    def work(number: int) -> None:
        done.append((number, threading.get_ident()))

    await asyncio.gather(*(thread.run(partial(work, number)) for number in range(5)))

    assert [number for number, _ in done] == [0, 1, 2, 3, 4]
    assert len({ident for _, ident in done}) == 1
    assert done[0][1] != threading.get_ident()


async def test_a_failure_is_its_callers_and_the_next_one_is_served() -> None:
    thread, done = ModelThread(), threading.Event()

    def fails() -> None:
        raise ValueError("no such model")

    with pytest.raises(ValueError, match="no such model"):
        await thread.run(fails)
    await thread.run(done.set)

    assert done.is_set()


async def test_who_no_longer_waits_neither_ends_the_work_nor_the_thread() -> None:
    thread, may_end, ended = ModelThread(), threading.Event(), threading.Event()

    def work() -> None:
        may_end.wait(10)
        ended.set()

    waiting = asyncio.ensure_future(thread.run(work))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not ended.is_set()
    may_end.set()
    await thread.run(lambda: None)

    assert ended.is_set()


async def test_it_ends_when_it_is_closed_with_all_work_done() -> None:
    thread, alive = ModelThread(), list[threading.Thread]()
    running = asyncio.ensure_future(thread.run(lambda: alive.append(threading.current_thread())))
    await asyncio.sleep(0)
    thread.close()
    await running
    await asyncio.to_thread(alive[0].join, 10)

    assert not alive[0].is_alive()
