"""Counts answered requests by route and status."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotscribe_common.work.metrics import Metrics


class RequestCount:
    """ASGI middleware.

    Args:
        app: the application behind it.
        metrics: what counts.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and notes the status of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def count(status: int) -> None:
            # The route's template, set while the request is routed: a path of the caller's own would make
            # as many series as callers like.
            self._metrics.answered(getattr(scope.get("route"), "path", "other"), status)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            # Answered further out, by the one who answers what nobody expected.
            count(500)
            raise
