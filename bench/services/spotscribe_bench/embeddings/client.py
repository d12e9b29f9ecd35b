"""A client that takes little processor time, so that a thousand requests at once measure the service."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# The whole answer of a batch.
_MOST_BYTES = 1 << 28
_PATH = "/v1/embeddings"


class Connection:
    """An open connection to the service, for one request at a time."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Posts JSON and returns the status and the body of the answer.

        Raises:
            ValueError: the answer has no length.
        """
        head = (
            f"POST {_PATH} HTTP/1.1\r\nhost: {self._host}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        await self._writer.drain()
        answered = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answered)
        if length is None:
            raise ValueError(f"The answer has no content-length: {answered[:500]!r}")
        return int(answered.split(b" ", 2)[1]), await self._reader.readexactly(int(length[1]))

    def close(self) -> None:
        """Closes the connection."""
        self._writer.close()


@asynccontextmanager
async def connected(url: str, number: int) -> AsyncIterator[list[Connection]]:
    """Opens connections, and closes them when the block ends."""
    found = urlsplit(url)
    connections: list[Connection] = []
    try:
        for _ in range(number):
            streams = await asyncio.open_connection(found.hostname, found.port, limit=_MOST_BYTES)
            connections.append(Connection(found.netloc, *streams))
        yield connections
    finally:
        for each in connections:
            each.close()
