"""Connections that do nothing, or next to nothing, do not stay."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from spotscribe_common.http import http_protocol
from spotscribe_common.http.http_errors import install_error_answers
from spotscribe_testing.service.dribble import answered, connected, received
from spotscribe_testing.service.live_server import served, wait_until

LARGE = 16 << 20


@pytest.fixture
def url() -> Iterator[str]:
    app = FastAPI()
    install_error_answers(app)

    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * LARGE)

    @app.post("/refused")
    async def refused(_: Request) -> Response:
        return Response("no", status_code=400)

    with served(app) as found:
        yield found


def dripped(connection: socket.socket, data: bytes) -> bytes:
    """Sends byte by byte until the server closes the connection; what it said."""
    connection.settimeout(0.02)
    said = b""
    for _ in range(3000):
        try:
            connection.send(data)
            piece = connection.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return said
        if not piece:
            return said
        said += piece
    pytest.fail("the connection stays open")


@pytest.mark.parametrize("before", [b"", b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_headers_that_come_byte_by_byte_are_given_up(
    before: bytes, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those of a second request: each byte put off the end of an idle connection."""
    monkeypatch.setattr(http_protocol, "HEADERS_SECONDS", 1.0)
    with connected(url) as connection:
        if before:
            connection.sendall(before)
            assert answered(connection) == 404
        connection.sendall(b"GET /nothing HTTP/1.1\r\nX: ")
        dripped(connection, b"x")


def test_a_connection_without_a_request_is_given_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEADERS_SECONDS", 0.2)
    with connected(url) as connection:
        assert received(connection) == b""


def test_a_refused_body_is_not_taken_for_ever(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.5)
    with connected(url) as connection:
        connection.sendall(b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        assert answered(connection) == 400
        dripped(connection, b"x")


def test_a_client_may_send_the_rest_of_a_refused_body_and_go_on(url: str) -> None:
    with connected(url) as connection:
        for _ in range(2):
            connection.sendall(b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            assert answered(connection) == 400
            connection.sendall(b"x" * 100_000)


@pytest.mark.parametrize("megabytes", [8, 60])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_client_that_wants_the_connection_closed_sees_why_its_body_is_refused(
    version: str, megabytes: int, url: str
) -> None:
    """It sends the whole body before it reads: a reset would take the answer from it."""
    size = megabytes << 20
    with connected(url) as connection:
        start = f"POST /refused HTTP/{version}\r\nHost: x\r\nConnection: close\r\n"
        connection.sendall(f"{start}Content-Length: {size}\r\n\r\n".encode())
        connection.sendall(b"x" * size)
        assert answered(connection) == 400
        assert connection.recv(1) == b"", "the connection stays open"


def test_a_refused_body_in_chunks_is_dropped_to_its_end(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(
            b"POST /refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert answered(connection) == 400
        connection.sendall((b"100000\r\n" + b"x" * (1 << 20) + b"\r\n") * 8 + b"0\r\n\r\n")
        assert connection.recv(1) == b""


def test_a_refused_body_is_not_taken_for_ever_where_the_connection_ends(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.5)
    with connected(url) as connection:
        connection.sendall(
            b"POST /refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n"
        )
        assert answered(connection) == 400
        dripped(connection, b"x")


def test_a_client_that_does_not_read_is_given_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "UNREAD_SECONDS", 0.2)
    with connected(url) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")

        def broken() -> bool:
            try:
                connection.send(b" ")
            except OSError:
                return True
            return False

        wait_until(broken, "the server has closed the connection", seconds=60)
    # One that reads may be slow: on a loaded machine, 0.2 s are too few.
    monkeypatch.setattr(http_protocol, "UNREAD_SECONDS", 60.0)
    assert len(httpx.get(f"{url}/large", timeout=60).content) == LARGE


def test_a_further_connection_takes_the_place_of_an_idle_one(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 5)
    with ExitStack() as opened:
        idle = [opened.enter_context(connected(url)) for _ in range(20)]
        assert httpx.get(f"{url}/nothing", timeout=60).status_code == 404
        gone = 0

        def closed() -> int:
            nonlocal gone
            for connection in [one for one in idle if one.fileno() >= 0]:
                connection.settimeout(0.01)
                try:
                    if connection.recv(1) == b"":
                        connection.close()
                        gone += 1
                except TimeoutError:
                    continue
            return gone

        wait_until(lambda: closed() >= 15, "the idle ones beyond the bound are closed")


@pytest.mark.parametrize("sent", [b"\x00\x01\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000])
def test_what_is_not_http_is_refused_in_the_usual_shape(sent: bytes, url: str) -> None:
    with connected(url) as connection:
        connection.sendall(sent)
        said = received(connection)
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"x-request-id: req_" in head
    error: Any = httpx.Response(400, content=body).json()["error"]
    assert (error["code"], error["type"]) == ("invalid_request", "invalid_request_error")
