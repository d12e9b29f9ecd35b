"""Gives every request an id, which its answer and the log have."""

import logging
import time
import uuid
from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-request-id"
_log = logging.getLogger(__name__)
_current: ContextVar[str] = ContextVar("request_id", default="-")
# Health checks ask for these every few seconds.
_WATCHED = ("/health", "/metrics")


def new_request_id() -> str:
    """An id in OpenAI's manner."""
    return f"req_{uuid.uuid4().hex}"


def current_request_id() -> str:
    """The id of the request that is being answered; `-` outside of one."""
    return _current.get()


class RequestId:
    """ASGI middleware: sets `x-request-id`, and logs each answer with it.

    Args:
        app: the application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, began = new_request_id(), time.monotonic()
        _current.set(request_id)

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
                _log_answer(scope, message["status"], request_id, time.monotonic() - began)
            await send(message)

        await self._app(scope, receive, marked)


def _log_answer(scope: Scope, status: int, request_id: str, seconds: float) -> None:
    # The route's template: a path is the caller's own words, and may hold line breaks.
    path = getattr(scope.get("route"), "path", "other")
    quiet = path in _WATCHED and status < 500
    level = logging.DEBUG if quiet else logging.INFO
    _log.log(level, "%s %s %s %d after %.3f s", request_id, scope["method"], path, status, seconds)
