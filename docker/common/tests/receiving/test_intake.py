"""Who gives way when too many bodies come at once."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from fastapi import Request
from starlette.types import Message

from spotscribe_common.errors import CrowdedError, SlowBodyError
from spotscribe_common.receiving import intake as module
from spotscribe_common.receiving.intake import Arrival, Intake
from spotscribe_common.receiving.stream import chunks


class Sender:
    """A client whose bytes come when the test says so."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[Message] = asyncio.Queue()

    def send(self, data: bytes, *, more: bool = True) -> None:
        self._messages.put_nowait({"type": "http.request", "body": data, "more_body": more})

    def body(self, arrival: Arrival) -> AsyncIterator[bytes]:
        request = Request({"type": "http", "method": "POST", "headers": []}, self._messages.get)
        return aiter(chunks(request, arrival, most=1 << 40))


class Clock:
    """Stands still between two moves of the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def after(
    seconds: float, clock: Clock, sender: Sender, body: AsyncIterator[bytes], data: bytes
) -> None:
    """The data come so long after the service begins to wait for them."""
    waiting = asyncio.ensure_future(anext(body))
    await asyncio.sleep(0)
    clock.now += seconds
    sender.send(data)
    await waiting


async def runs_out_of_time(arrival: Arrival) -> None:
    async with arrival.waiting(0):
        # Right after the timeout's own turn.
        asyncio.get_running_loop().call_soon(arrival.give_way)
        await asyncio.Event().wait()


async def test_a_body_whose_last_piece_is_being_written_gives_way_to_a_newcomer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its timeout was over, and rescheduling that failed the newcomer with 500."""
    monkeypatch.setattr(module, "_JUDGED_AFTER_SECONDS", 0.0)
    intake, sender = Intake(bodies=1, most_bytes=1 << 30), Sender()
    with intake.arrival() as slow:
        body = sender.body(slow)
        sender.send(b"x")
        assert await anext(body) == b"x"
        with intake.arrival() as newcomer:
            newcomer.grew(1)
            sender.send(b"x")
            with pytest.raises(CrowdedError):
                await anext(body)


async def test_a_body_that_is_waited_for_gives_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_JUDGED_AFTER_SECONDS", 0.0)
    intake, sender = Intake(bodies=1, most_bytes=1 << 30), Sender()
    with intake.arrival() as slow:
        waiting = asyncio.ensure_future(anext(sender.body(slow)))
        await asyncio.sleep(0)
        with intake.arrival(), pytest.raises(CrowdedError):
            await waiting


async def test_a_body_that_has_just_run_out_of_time_gives_way() -> None:
    """Its reader has not been told yet, and the timeout can no longer be moved."""
    intake = Intake(bodies=1, most_bytes=1 << 30)
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    with intake.arrival() as slow:
        with pytest.raises(TimeoutError):
            await runs_out_of_time(slow)
        with pytest.raises(CrowdedError):
            slow.check()
    assert faults == []


async def test_a_fast_start_does_not_pay_for_a_slow_rest() -> None:
    """By the average since the start, a byte every 29 s was legal for days."""
    clock, sender = Clock(), Sender()
    intake = Intake(bodies=1, most_bytes=1 << 40, clock=clock)
    with intake.arrival() as arrival:
        arrival.grew(5 << 30)
        body = sender.body(arrival)
        await after(29, clock, sender, body, b"x")
        with pytest.raises(SlowBodyError):
            await after(29, clock, sender, body, b"x")


async def test_a_slow_but_steady_body_comes_to_its_end() -> None:
    clock, sender = Clock(), Sender()
    intake = Intake(bodies=1, most_bytes=1 << 40, clock=clock)
    with intake.arrival() as arrival:
        body = sender.body(arrival)
        for _ in range(100):
            await after(7, clock, sender, body, b"x" * (64 << 10))


async def test_the_time_in_which_bytes_are_written_is_not_the_client_s() -> None:
    clock, sender = Clock(), Sender()
    intake = Intake(bodies=1, most_bytes=1 << 40, clock=clock)
    with intake.arrival() as arrival:
        body = sender.body(arrival)
        for _ in range(3):
            sender.send(b"x")
            await anext(body)
            clock.now += 100
            assert arrival.seconds == 0


def test_bytes_that_hardly_grow_any_more_give_way_to_those_that_come() -> None:
    """Two large bodies that began fast and then stalled took all the disk space."""
    clock = Clock()
    intake = Intake(bodies=9, most_bytes=10 << 20, clock=clock)
    with intake.arrival() as stalled, intake.arrival() as little, intake.arrival() as whole:
        stalled.grew(5 << 20)
        little.grew(1)
        whole.grew((5 << 20) - 1)
        whole.complete()
        clock.now += 40
        with intake.arrival() as newcomer:
            for _ in range(5):
                newcomer.grew(1 << 20)
            little.check()
            with pytest.raises(CrowdedError):
                stalled.check()
            with pytest.raises(CrowdedError, match="on the disk"):
                newcomer.grew(1 << 20)
            assert intake.bytes == little.bytes + whole.bytes + newcomer.bytes
    assert intake.bytes == 0


def test_a_slow_body_does_not_push_out_a_faster_one_for_its_bytes() -> None:
    clock = Clock()
    intake = Intake(bodies=9, most_bytes=(1 << 20) + 1010, clock=clock)
    with intake.arrival() as faster, intake.arrival() as slower:
        faster.grew(1 << 20)
        slower.grew(1)
        clock.now += 29
        slower.grew(1000)
        with pytest.raises(CrowdedError, match="on the disk"):
            slower.grew(2000)
        faster.check()


class Flood:
    """Clients that take every place, and begin anew before anybody can call them slow."""

    def __init__(self, intake: Intake, count: int) -> None:
        self._intake = intake
        self._all = [self._begun() for _ in range(count)]

    def _begun(self) -> tuple[ExitStack, Arrival]:
        opened = ExitStack()
        arrival = opened.enter_context(self._intake.arrival())
        arrival.grew(1)
        return opened, arrival

    def begin_anew(self, *, all_of_them: bool) -> None:
        """All, or only those that had to give way: they come back at once."""
        for at, (opened, arrival) in enumerate(self._all):
            if all_of_them or gave_way(arrival):
                opened.close()
                self._all[at] = self._begun()


def gave_way(arrival: Arrival) -> bool:
    try:
        arrival.check()
    except CrowdedError:
        return True
    return False


def came_through(intake: Intake, flood: Flood, clock: Clock) -> bool:
    """One try of an upload of 400 KiB at 20 KiB/s."""
    with intake.arrival() as honest:
        for tenth in range(200):
            if gave_way(honest):
                return False
            honest.grew(2 << 10)
            clock.now += 0.1
            flood.begin_anew(all_of_them=tenth % 16 == 15)
        return True


def test_clients_that_begin_anew_all_the_time_keep_nobody_out() -> None:
    """Nobody was judged in his first two seconds: forty who came back every 1.6 s locked all others out."""
    random.seed(1)
    clock = Clock()
    intake = Intake(bodies=40, most_bytes=1 << 30, clock=clock)
    flood = Flood(intake, 40)
    assert [came_through(intake, flood, clock) for _ in range(20)].count(True) > 10


def test_a_young_body_that_sent_more_than_others_is_spared() -> None:
    clock = Clock()
    intake = Intake(bodies=40, most_bytes=1 << 30, clock=clock)
    with intake.arrival() as ahead, ExitStack() as opened:
        ahead.grew(2 << 10)
        for _ in range(500):
            opened.enter_context(intake.arrival())
        ahead.check()


def test_fast_bodies_do_not_give_way() -> None:
    clock = Clock()
    intake = Intake(bodies=2, most_bytes=1 << 30, clock=clock)
    with intake.arrival() as young, intake.arrival() as older:
        older.grew(10 << 20)
        young.grew(1 << 20)
        clock.now += 1.9
        with pytest.raises(CrowdedError, match="no more are taken"):
            ExitStack().enter_context(intake.arrival())
