"""Clients that are slow on purpose, over real sockets."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from urllib.parse import urlsplit

FORM = "multipart/form-data; boundary=b"
FORM_START = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'


def connected(url: str) -> socket.socket:
    """A connection to the server of this URL."""
    address = urlsplit(url)
    assert address.hostname is not None
    connection = socket.create_connection((address.hostname, address.port or 80))
    connection.settimeout(60)
    return connection


def head(path: str, content_type: str, length: int = 100_000) -> bytes:
    """The head of a request with a body."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {content_type}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


@contextmanager
def dribbling(
    url: str, path: str, count: int, *, content_type: str = FORM
) -> Iterator[Sequence[socket.socket]]:
    """So many clients that have begun a body, and send another byte of it now and then."""
    connections = [connected(url) for _ in range(count)]
    stop = threading.Event()
    start = FORM_START if content_type == FORM else b" "

    def drip() -> None:
        while not stop.wait(0.1):
            for connection in connections:
                with suppress(OSError):
                    connection.send(b" ")

    for connection in connections:
        connection.sendall(head(path, content_type) + start)
    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        yield connections
    finally:
        stop.set()
        dripping.join()
        for connection in connections:
            connection.close()


def answered(connection: socket.socket) -> int:
    """Reads one whole answer, however many pieces it comes in; its status."""
    with HTTPResponse(connection) as answer:
        answer.begin()
        answer.read()
        return answer.status


def received(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    found = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            found += piece
    return found
