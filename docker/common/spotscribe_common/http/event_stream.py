"""A job's events, each sent when it happens."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spotscribe_common.contract import Failed, Shape
from spotscribe_common.http.disconnect import CallerGoneError, while_connected
from spotscribe_common.http.http_errors import job_error
from spotscribe_common.work.job import Event, Job

NDJSON = "application/x-ndjson"
Line = TypeVar("Line", bound=Shape)
# A line without an event, sent while the model's work makes progress. If none comes, the service hangs.
EMPTY_LINE = "\n"
# Far below the silence after which the worker takes a service for hung.
EMPTY_LINE_SECONDS = 2.0
_LOOK_SECONDS = 0.1


def as_line(event: Shape) -> str:
    """An event as a line of JSON."""
    return f"{event.to_json()}\n"


class EventStream(Response, Generic[Event]):
    """Streams what `encode` makes of each event. The job ends with the connection, whoever ends it.

    Args:
        job: what to tell of.
        media_type: the answer's content type.
        encode: an event's text; empty for nothing.
        keep_alive: text sent when nothing else was for `keep_alive_seconds`, unless the work is stuck;
            proxies cut silent connections.
        keep_alive_seconds: below the minute after which load balancers usually do.
    """

    def __init__(
        self,
        job: Job[Event],
        media_type: str,
        encode: Callable[[Event | Failed], str],
        *,
        keep_alive: str,
        keep_alive_seconds: float = 15.0,
    ) -> None:
        super().__init__(media_type=media_type, headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._job = job
        self._encode = encode
        self._keep_alive = keep_alive
        self._keep_alive_seconds = keep_alive_seconds
        self._sent_at = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answers the request."""
        try:
            await while_connected(receive, self._send_all(send))
        except CallerGoneError:
            pass
        finally:
            self._job.cancel()

    async def _send_all(self, send: Send) -> None:
        sending = asyncio.Lock()
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        waiting = asyncio.ensure_future(self._keep_connection(send, sending))
        try:
            await self._send_events(send, sending)
        finally:
            waiting.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_events(self, send: Send, sending: asyncio.Lock) -> None:
        try:
            async for event in self._job.events():
                # In a thread: the result of ten hours takes a second.
                text = await asyncio.to_thread(self._encode, event)
                await self._send_text(send, sending, text)
        except Exception as error:
            await self._send_text(send, sending, self._encode(Failed(error=job_error(error))))

    async def _keep_connection(self, send: Send, sending: asyncio.Lock) -> None:
        while True:
            left = self._sent_at + self._keep_alive_seconds - time.monotonic()
            if left > 0:
                await asyncio.sleep(left)
            elif self._job.is_stuck:
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                await self._send_text(send, sending, self._keep_alive)

    async def _send_text(self, send: Send, sending: asyncio.Lock, text: str) -> None:
        if text:
            async with sending:
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            self._sent_at = time.monotonic()


def event_lines(job: Job[Line]) -> EventStream[Line]:
    """The events as lines of JSON, with an empty line wherever there was none for two seconds."""
    return EventStream(job, NDJSON, as_line, keep_alive=EMPTY_LINE, keep_alive_seconds=EMPTY_LINE_SECONDS)
