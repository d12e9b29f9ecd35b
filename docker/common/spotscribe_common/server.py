"""Runs a service: bound address, quiet logs, and a stop that is clean and bounded."""

import signal

import uvicorn
from fastapi import FastAPI

_STOPS = (signal.SIGTERM, signal.SIGINT)
# Longer than a load balancer keeps a connection that it has no use for: whoever closes first may close one on
# which the other has just sent a request.
_KEEP_ALIVE_SECONDS = 75


def serve(app: FastAPI, *, host: str, port: int, stop_seconds: int) -> None:
    """Serves until SIGTERM or SIGINT, then accepts nothing more and returns.

    Args:
        app: the application.
        host: address to listen on.
        port: TCP port; 0 takes a free one, and the log names it.
        stop_seconds: time that running requests get after the signal.
    """
    # uvicorn raises the signal once more when it has stopped: a clean stop would look like a death by signal.
    for stop in _STOPS:
        signal.signal(stop, lambda *_: None)
    uvicorn.run(
        app,
        host=host,
        port=port,
        timeout_graceful_shutdown=stop_seconds,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        access_log=False,
    )
