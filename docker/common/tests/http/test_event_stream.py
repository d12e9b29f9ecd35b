"""A stream of events whose client does not read."""

import asyncio
from contextlib import ExitStack
from typing import Any

from spotscribe_common.contract import WindowDone
from spotscribe_common.http.event_stream import EventStream
from spotscribe_common.work.job import Job
from spotscribe_common.work.model_thread import ModelThread

EVENTS = 5


async def test_an_unread_stream_grows_by_nothing_and_goes_on_where_it_was() -> None:
    """Neither the events nor the signs of life pile up at a connection that takes no more."""
    models = ModelThread()

    def work(emit: Any, _cancelled: Any) -> None:
        for number in range(EVENTS):
            emit(WindowDone(end=number, progress=1))

    job = Job[WindowDone](work, models, ExitStack(), lambda _: None, models.liveness)
    stream = EventStream(
        job, "text/plain", lambda event: f"{event.type}\n", keep_alive=".", keep_alive_seconds=0.001
    )
    reads = asyncio.Event()
    begun: list[Any] = []

    async def send(message: Any) -> None:
        begun.append(message)
        if message["type"] == "http.response.body":
            await reads.wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    answering = asyncio.ensure_future(stream({}, receive, send))
    while len(begun) < 2:
        await asyncio.sleep(0.001)
    # A hundred signs of life would have come.
    await asyncio.sleep(0.1)
    assert len(begun) == 2
    reads.set()
    await answering
    models.close()
    lines = b"".join(message["body"] for message in begun[1:]).replace(b".", b"")
    assert lines == b"window\n" * EVENTS
    assert not begun[-1]["more_body"]
