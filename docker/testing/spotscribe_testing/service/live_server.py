"""A service on a free port of this machine, in this process (to look inside) or in one of its own."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from httpx._transports import default as transports

from spotscribe_common.http.server import server_config
from spotscribe_testing.places import DOCKER

_PACKAGES = ("common", "audio", "embeddings", "speech", "voxtral", "whisper", "testing")

# A machine that runs many tests at once can be ten times slower than one at rest.
PATIENCE_SECONDS = 300.0
# Requests of tests without a timeout of their own: httpx would give them 5 s.
DEFAULT_TIMEOUT_CONFIG.connect = PATIENCE_SECONDS
DEFAULT_TIMEOUT_CONFIG.read = PATIENCE_SECONDS
DEFAULT_TIMEOUT_CONFIG.write = PATIENCE_SECONDS
DEFAULT_TIMEOUT_CONFIG.pool = PATIENCE_SECONDS

# Nothing here speaks TLS, and reading all authorities' certificates takes 60 ms of a processor per request.
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
vars(transports)["create_ssl_context"] = lambda **_: _NO_CERTIFICATES


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serves `app` from a thread and yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(server_config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started, "the server has started")
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(timeout=15)


@contextmanager
def service_process(
    module: str, environment: Mapping[str, str], log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Runs `python -m module` and yields the process and its URL once `/health` answers at all."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    path = os.pathsep.join(str(DOCKER / package) for package in _PACKAGES)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            env={**os.environ, "PYTHONPATH": path, "PORT": str(port), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: process.poll() is not None or answers(url), "the process answers")
        assert process.poll() is None, log.read_text()
        yield process, url
    finally:
        process.kill()
        process.wait()


def answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/health", timeout=2)
    except httpx.TransportError:
        return False
    return True


def answers_ok(url: str) -> bool:
    return httpx.get(f"{url}/health").status_code == 200


def open_files(deleted_in: Path) -> list[str]:
    """Files of this process that have no name any more and lie on this directory's disk below it."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            target = str(link.readlink())
            if target.startswith(str(deleted_in)):
                found.append(target)
    return found


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Waits for `condition()`; what is awaited appears in the failure."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s in vain until {what}"
        time.sleep(0.02)
