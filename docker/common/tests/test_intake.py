"""Who gives way when too many bodies come at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import Request
from starlette.types import Message

from spotscribe_common.errors import CrowdedError
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
