"""Short jobs run together as far as they fit, and long ones one at a time beside them."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from spotscribe_common.work.job import Job
from spotscribe_common.work.lanes import Lanes, PriorityLanes
from spotscribe_common.work.model_thread import ModelThread

ROOM = 10.0


class Works:
    """Starts jobs, each of which says that it has begun and ends when it may."""

    def __init__(self, together: float = ROOM) -> None:
        self.models = ModelThread()
        self.lanes = Lanes(self.models, together)
        self.begun: list[str] = []
        self.may_end: dict[str, threading.Event] = {}
        self.jobs: dict[str, Job[str]] = {}

    def start(self, name: str, size: float) -> None:
        self.may_end[name] = threading.Event()

        def work(_: Callable[[str], None], is_stopped: Callable[[], bool]) -> None:
            self.begun.append(name)
            while not self.may_end[name].wait(0.01) and not is_stopped():
                pass

        lane = self.lanes.lane(size)
        self.jobs[name] = Job(work, lane, ExitStack(), lambda _: None, self.models.liveness)

    async def end(self, name: str) -> None:
        self.may_end[name].set()
        assert [event async for event in self.jobs[name].events()] == []

    async def has_begun(self, *names: str) -> None:
        async with asyncio.timeout(30):
            while set(self.begun) != set(names):
                await asyncio.sleep(0.01)
        # What must not begin would do so now.
        await asyncio.sleep(0.05)
        assert sorted(self.begun) == sorted(names)


async def test_short_jobs_run_together_as_far_as_they_fit_and_begin_in_order() -> None:
    works = Works()
    for name, size in (("a", 4.0), ("b", 5.0), ("large", 6.0), ("small", 1.0)):
        works.start(name, size)
    await works.has_begun("a", "b")
    await works.end("b")
    await works.has_begun("a", "b", "large")
    assert "small" not in works.begun, "it passed one that had come before"
    await works.end("a")
    await works.has_begun("a", "b", "large", "small")
    await works.end("large")
    await works.end("small")


async def test_a_long_job_runs_beside_short_ones_and_one_at_a_time() -> None:
    works = Works()
    for name, size in (("long", 11.0), ("longer", 99.0), ("full", ROOM)):
        works.start(name, size)
    await works.has_begun("long", "full")
    works.start("late", 1.0)
    await works.has_begun("long", "full")
    await works.end("full")
    await works.has_begun("long", "full", "late")
    await works.end("long")
    await works.has_begun("long", "full", "late", "longer")
    await works.end("longer")
    await works.end("late")


@pytest.mark.parametrize("size", [4.0, 99.0])
async def test_a_job_that_is_cancelled_while_it_waits_ends_at_once_and_keeps_no_room(size: float) -> None:
    works = Works()
    works.start("first", max(size, ROOM))
    works.start("waiting", size)
    works.start("next", size)
    await works.has_begun("first")
    works.jobs["waiting"].cancel()
    assert [event async for event in works.jobs["waiting"].events()] == []
    await works.end("first")
    await works.has_begun("first", "next")
    works.jobs["next"].cancel()
    assert [event async for event in works.jobs["next"].events()] == []
    works.start("last", ROOM)
    await works.has_begun("first", "next", "last")
    await works.end("last")


async def test_a_job_that_fails_gives_its_room_back() -> None:
    models = ModelThread()
    lanes = Lanes(models, ROOM)

    def fail(*_: object) -> None:
        raise ValueError("no such sound")

    for size in (ROOM, ROOM, 99.0, 99.0):
        job = Job[str](fail, lanes.lane(size), ExitStack(), lambda _: None, models.liveness)
        with pytest.raises(ValueError, match="no such sound"):
            async for _ in job.events():
                pass


async def test_without_room_all_jobs_run_in_the_models_thread_one_at_a_time() -> None:
    works = Works(together=0)
    works.start("first", 1.0)
    works.start("second", 1.0)
    await works.has_begun("first")
    await works.end("first")
    await works.has_begun("first", "second")
    await works.end("second")


async def test_a_job_that_goes_first_waits_for_one_step_of_a_job_in_the_gaps_at_most() -> None:
    models = ModelThread()
    lanes = PriorityLanes(models)
    done, may_end, held = list[str](), threading.Event(), threading.Event()

    def step(name: str) -> None:
        held.set()
        may_end.wait(10)
        done.append(name)

    def in_gaps(_: Callable[[str], None], is_stopped: Callable[[], bool]) -> None:
        for name in ("1", "2", "3"):
            models.do_in_gap(lambda: step(name), is_stopped)  # noqa: B023 - called at once

    def first(name: str) -> Job[str]:
        work = lambda _emit, _is_stopped: done.append(name)  # noqa: E731
        return Job(work, lanes.first(), ExitStack(), lambda _: None, models.liveness)

    behind = Job[str](in_gaps, lanes.in_gaps(), ExitStack(), lambda _: None, models.liveness)
    await asyncio.to_thread(held.wait, 10)
    jobs = [first("a"), first("b"), behind]
    cancelled = first("c")
    await asyncio.sleep(0.05)
    cancelled.cancel()
    may_end.set()
    for job in (*jobs, cancelled):
        assert [event async for event in job.events()] == []
    assert done == ["1", "a", "b", "2", "3"]
