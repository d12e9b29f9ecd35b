"""The boxes of which an MP4 file consists at its top."""

import os
from collections.abc import Iterator
from typing import BinaryIO

# A hundred hours in fragments of a second have as many boxes.
_MOST_BOXES = 1_000_000
# Shorter ones have no name, or do not state their length.
LEAST_BYTES = 8


def boxes(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, int]]:
    """Position, name and stated length in bytes of each box. The first one that is too short is the last.

    Args:
        file: the media, open for reading.
        size: its length in bytes. A name that it cuts off is shorter than four bytes.
    """
    at = 0
    for _ in range(_MOST_BOXES):
        if at >= size:
            return
        head = os.pread(file.fileno(), 16, at)
        length = int.from_bytes(head[8:16] if head[:4] == b"\0\0\0\1" else head[:4])
        yield at, head[4:8], length
        if length < LEAST_BYTES:
            return
        at += length
