"""uvicorn's HTTP/1.1, with bounds on how long and how many connections may do nothing."""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.http.http_errors import error_answer
from spotscribe_common.http.request_id import HEADER, new_request_id

_log = logging.getLogger(__name__)
# From the connection, or the first byte of a further request, to the end of the headers.
HEADERS_SECONDS = 20.0
# The rest of a refused request's body is read and dropped for at most this long, so that its client, which
# still sends, can read the answer. After a close, the client has as long to read the rest.
LINGER_SECONDS = 10.0
# The connection of a client that reads nothing of its answer ends after this time.
UNREAD_SECONDS = 120.0
# Each is a file descriptor. Clients such as OpenAI's open 1,000 for concurrent requests, and two of them may.
MOST_CONNECTIONS = 2048


class _Phase(Enum):
    """What must end before long."""

    HEADERS = "the headers of a request come"
    REST = "the rest of a body comes whose request has its answer"


class _CycleTransport:
    """The connection's transport as a request's cycle uses it: another function decides how it is closed."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self._transport = transport
        self.close = close

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class BoundedProtocol(H11Protocol):
    """Closes a connection that sends no request, goes on sending after its answer, or does not read it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # The connection ends with the rest of the body, which is dropped.
        self._ends_with_body = False
        self._phase: _Phase | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._abort: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Waits for a request. With too many connections, an idle one makes room, else this one is closed."""
        has_room = len(self.connections) < MOST_CONNECTIONS or self._make_room()
        super().connection_made(transport)
        if has_room:
            self._watch()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forgets the connection."""
        super().connection_lost(exc)
        for timer in (self._deadline, self._unread, self._abort):
            self._stop(timer)

    def eof_received(self) -> None:
        """Closes the connection, as its client has."""
        self._close(UNREAD_SECONDS)

    def timeout_keep_alive_handler(self) -> None:
        """Closes a connection that sends no further request."""
        super().timeout_keep_alive_handler()
        self._close(LINGER_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Takes what has come, or drops the rest of a body."""
        if not self._ends_with_body:
            super().data_received(data)
            return
        self.conn.receive_data(data)
        self._drop()

    def handle_events(self) -> None:
        """Takes what has come."""
        super().handle_events()
        if self.cycle is not None and not isinstance(self.cycle.transport, _CycleTransport):
            closing = _CycleTransport(self.transport, self._close_after_body)
            self.cycle.transport = cast("asyncio.Transport", closing)
        self._watch()

    def on_response_complete(self) -> None:
        """Goes on with the next request, or drops the rest of this one's body."""
        super().on_response_complete()
        self._watch()

    def send_400_response(self, msg: str) -> None:
        """Says in the usual shape that this is not HTTP."""
        answer = error_answer(InvalidRequestError(msg))
        headers = [
            *answer.raw_headers,
            (HEADER.encode(), new_request_id().encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=answer.status_code, headers=headers, reason=b"Bad Request"),
            h11.Data(data=bytes(answer.body)),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self._close(LINGER_SECONDS)

    def pause_writing(self) -> None:
        """Gives up a client that does not read."""
        super().pause_writing()
        self._stop(self._unread)
        self._unread = self.loop.call_later(UNREAD_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Goes on."""
        super().resume_writing()
        self._stop(self._unread)

    def _close_after_body(self) -> None:
        """Closes the connection, but not while the body of an answered request still comes.

        The kernel resets a connection that is closed with unread bytes: its client would not see the answer.
        """
        if self.cycle.response_complete and self.conn.their_state is h11.SEND_BODY:
            self._ends_with_body = True
        else:
            self._close(UNREAD_SECONDS)

    def _drop(self) -> None:
        try:
            while isinstance(event := self.conn.next_event(), h11.Data):
                pass
        except h11.RemoteProtocolError:
            self._close(LINGER_SECONDS)
        else:
            if event is not h11.NEED_DATA:
                self._close(UNREAD_SECONDS)

    def _close(self, seconds: float) -> None:
        """Closes the connection. Its client has so many seconds to read the rest of its answer."""
        self.transport.close()
        self._stop(self._abort)
        if self in self.connections:
            self._abort = self.loop.call_later(seconds, self.transport.abort)

    def _watch(self) -> None:
        """Sets a deadline where a phase begins that must end; more bytes of the same phase do not move it."""
        phase = self._now_in()
        if phase is self._phase:
            return
        self._phase = phase
        self._stop(self._deadline)
        if phase is not None and not self.transport.is_closing():
            seconds = HEADERS_SECONDS if phase is _Phase.HEADERS else LINGER_SECONDS
            self._deadline = self.loop.call_later(seconds, self._close, LINGER_SECONDS)

    def _now_in(self) -> "_Phase | None":
        if self.cycle is None:
            return _Phase.HEADERS
        if not self.cycle.response_complete:
            return None
        if self.conn.their_state is h11.SEND_BODY:
            return _Phase.REST
        # Between two requests nothing may come for a while: uvicorn counts that time.
        return _Phase.HEADERS if self.conn.trailing_data[0] else None

    def _stop(self, timer: asyncio.TimerHandle | None) -> None:
        if timer is not None:
            timer.cancel()

    def _make_room(self) -> bool:
        """Ends an idle connection. One whose client has its whole answer goes first."""
        idle = [
            one
            for one in self.connections
            if isinstance(one, BoundedProtocol) and one.is_idle and not one.transport.is_closing()
        ]
        if not idle:
            _log.warning("%d connections, and all of them have requests", len(self.connections))
            return False
        # Not closed, which waits for what is unread: each further connection would add one.
        min(idle, key=lambda one: one.transport.get_write_buffer_size()).transport.abort()
        return True
