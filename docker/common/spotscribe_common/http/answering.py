"""Answers requests that would get no answer: when the service stops, and when it fails unexpectedly."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotscribe_common.errors import StoppingError
from spotscribe_common.http.http_errors import error_answer


class AlwaysAnswer:
    """ASGI middleware: what is cancelled or fails is answered in the shape of every other error.

    An answer that has begun is cut off: its client sees that the end is missing.

    Args:
        app: the application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; 503 if it is cancelled, and 500 if it fails, before its answer has begun."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            if not begun:
                await error_answer(StoppingError("The service is being stopped."))(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            await error_answer(error)(scope, receive, send)
