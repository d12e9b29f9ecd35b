"""Runs a service: bound address, bounded connections, quiet logs, and a stop that is clean and bounded."""

import resource
import signal
from typing import Any

import uvicorn
from fastapi import FastAPI

from spotscribe_common.http.http_protocol import BoundedProtocol

_STOPS = (signal.SIGTERM, signal.SIGINT)
# Longer than a load balancer keeps a connection that it has no use for: whoever closes first may close one on
# which the other has just sent a request.
_KEEP_ALIVE_SECONDS = 75


def server_config(app: FastAPI, **options: Any) -> uvicorn.Config:
    """Uvicorn's settings for a service.

    Args:
        app: the application.
        options: what else uvicorn is told.
    """
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        # No service has any.
        ws="none",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        access_log=False,
        **options,
    )


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
    # Each connection and each body that is being received is a file descriptor; many systems begin with 1024.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    config = server_config(app, host=host, port=port, timeout_graceful_shutdown=stop_seconds)
    uvicorn.Server(config).run()
