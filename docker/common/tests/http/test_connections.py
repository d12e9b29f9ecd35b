"""The bound on the number of connections, and the end of those that are closed and not read."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from uvicorn.server import ServerState

from spotscribe_common.http import http_protocol
from spotscribe_common.http.http_protocol import BoundedProtocol
from spotscribe_common.http.server import server_config
from spotscribe_testing.service.dribble import connected, received
from spotscribe_testing.service.live_server import served, wait_until

go_on = threading.Event()
begun = threading.Semaphore(0)
app = FastAPI()


@app.get("/block")
async def block() -> None:
    """Nothing else happens in the server meanwhile."""
    go_on.wait()


@app.get("/wait")
async def wait() -> None:
    begun.release()
    await asyncio.to_thread(go_on.wait)


@pytest.fixture
def url() -> Iterator[str]:
    go_on.clear()
    with served(app) as found:
        try:
            yield found
        finally:
            go_on.set()


def open_ones(connections: list[Any]) -> list[Any]:
    """Those that the server has not closed."""
    found = []
    for connection in connections:
        connection.settimeout(0.001)
        try:
            if connection.recv(1) != b"":
                found.append(connection)
        except TimeoutError:
            found.append(connection)
        except ConnectionResetError:
            continue
    return found


def test_connections_that_come_all_at_once_are_bounded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One was closed again and again for all of them, as it is closed only later."""
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 50)
    monkeypatch.setattr(http_protocol, "HEADERS_SECONDS", 10_000.0)
    with ExitStack() as opened:
        blocking = opened.enter_context(connected(url))
        blocking.sendall(b"GET /block HTTP/1.1\r\nHost: x\r\n\r\n")
        idle = [opened.enter_context(connected(url)) for _ in range(300)]
        go_on.set()
        assert httpx.get(f"{url}/nothing", timeout=60).status_code == 404
        wait_until(lambda: len(open_ones(idle)) <= 50, "those beyond the bound are closed", seconds=60)


def test_where_all_connections_have_requests_a_further_one_is_closed(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(http_protocol, "HEADERS_SECONDS", 10_000.0)
    with ExitStack() as opened:
        for _ in range(2):
            opened.enter_context(connected(url)).sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            assert begun.acquire(timeout=60)
        further = opened.enter_context(connected(url))
        assert received(further) == b""


class Transport:
    """A client that reads nothing: what is written to it stays."""

    def __init__(self, unread: int = 0) -> None:
        self.unread = unread
        self.closing = False
        self.aborted = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.unread += len(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True
        self.aborted.set()

    def get_extra_info(self, name: str) -> None:
        return None

    def resume_reading(self) -> None:
        """Nothing comes."""


def connection(transport: Transport, state: ServerState) -> BoundedProtocol:
    config = server_config(app)
    config.load()
    made = BoundedProtocol(config, state, {}, asyncio.get_running_loop())
    made.connection_made(transport)  # type: ignore[arg-type]
    return made


async def test_a_client_that_does_not_read_why_it_is_closed_cannot_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel takes so little of an answer that its writer is never paused."""
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.01)
    transport = Transport()
    connection(transport, ServerState()).data_received(b"no HTTP\r\n\r\n")
    assert transport.unread > 0
    await asyncio.wait_for(transport.aborted.wait(), 60)


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n"])
async def test_an_answer_that_nobody_reads_ends(header: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.01)
    monkeypatch.setattr(http_protocol, "UNREAD_SECONDS", 0.01)
    transport = Transport()
    made = connection(transport, ServerState())
    made.timeout_keep_alive = 0
    made.data_received(b"GET /nothing HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n")
    await asyncio.wait_for(transport.aborted.wait(), 60)
    assert transport.unread > 0


async def test_of_idle_connections_one_with_nothing_unread_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 4)
    state = ServerState()
    transports = [Transport(unread) for unread in (1, 1, 0, 1, 1)]
    for transport in transports:
        connection(transport, state)
    assert [transport.closing for transport in transports] == [False, False, True, False, False]
