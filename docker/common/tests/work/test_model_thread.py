"""The thread that the models live in."""

import asyncio
import threading
from functools import partial

import pytest

from spotscribe_common.errors import CancelledWorkError
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


NEVER = lambda: False  # noqa: E731


async def test_steps_of_other_threads_alternate_with_all_other_work() -> None:
    thread, done = ModelThread(), list[tuple[str, int]]()

    def steps(name: str) -> None:
        for _ in range(3):
            assert thread.do(lambda: done.append((name, threading.get_ident())) or name, NEVER) == name

    may_begin = threading.Event()
    waiting = asyncio.ensure_future(thread.run(lambda: may_begin.wait(10) and None))
    workers = [asyncio.to_thread(steps, name) for name in ("a", "b")]
    working = asyncio.gather(*workers)
    await asyncio.sleep(0.1)
    may_begin.set()
    await asyncio.gather(waiting, working)
    assert len({ident for _, ident in done}) == 1
    assert sorted(name for name, _ in done) == ["a", "a", "a", "b", "b", "b"]
    assert {name for name, _ in done[:2]} == {"a", "b"}, "one went on before the other had a turn"


async def test_a_step_of_the_thread_itself_is_done_at_once() -> None:
    thread, done = ModelThread(), list[str]()
    await thread.run(lambda: done.append(thread.do(lambda: "inner", NEVER)))
    assert done == ["inner"]


async def test_a_steps_failure_is_its_callers() -> None:
    thread = ModelThread()

    def fails() -> str:
        raise ValueError("no such model")

    with pytest.raises(ValueError, match="no such model"):
        await asyncio.to_thread(thread.do, fails, NEVER)


async def test_who_stops_gives_up_a_step_that_waits_and_waits_for_one_that_has_begun() -> None:
    thread, may_end, stopped, done = ModelThread(), threading.Event(), threading.Event(), list[str]()

    def begun() -> None:
        may_end.wait(10)
        done.append("begun")

    first = asyncio.ensure_future(asyncio.to_thread(thread.do, begun, stopped.is_set))
    await asyncio.sleep(0.1)
    second = asyncio.ensure_future(
        asyncio.to_thread(thread.do, lambda: done.append("waiting"), stopped.is_set)
    )
    await asyncio.sleep(0.1)
    stopped.set()
    with pytest.raises(CancelledWorkError):
        await second
    assert not first.done()
    may_end.set()
    await first
    await thread.run(lambda: None)
    assert done == ["begun"]


async def test_a_step_that_hangs_is_noticed() -> None:
    thread, may_end = ModelThread(), threading.Event()
    thread.liveness.limit = 0.1
    step = asyncio.ensure_future(asyncio.to_thread(thread.do, lambda: may_end.wait(10), NEVER))
    async with asyncio.timeout(30):
        while not thread.liveness.is_stuck:
            await asyncio.sleep(0.01)
    may_end.set()
    await step
    assert not thread.liveness.is_stuck
