"""Recordings that were joined byte by byte, where ffmpeg itself reads only the first, or parts of each.

Recorders that stop and go on, and programs that collect a browser's recordings, write such files. Those of
other containers need no help: ffmpeg reads through, and :mod:`spotscribe_audio.audio.command` makes their
time stamps go on.
"""

import os
import re
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from typing import BinaryIO

from spotscribe_audio.audio.boxes import boxes
from spotscribe_audio.audio.headers import MOST_PARTS, Part

_FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
_TTA = re.compile(rb"TTA1[\x01-\x03]\x00[\x01-\x20]\x00")
# A block whose first sample is the stream's first, and which has the mark of the first among such blocks.
_FIRST_BLOCK = b"".join(re.escape(bytes([value])) for value in range(256) if value & 8)
_WAVPACK = re.compile(rb"wvpk.{12}\x00{4}.{5}[" + _FIRST_BLOCK + rb"]", re.DOTALL)
_BLOCK = 1 << 22
# Parts of a Matroska file that are looked at.
_MOST_STEPS = 1_000_000
# The longest match of a pattern.
_OVERLAP = 32
_EBML, _SEGMENT = bytes.fromhex("1a45dfa3"), bytes.fromhex("18538067")


def joined(file: BinaryIO) -> list[Part]:
    """The recordings of a file that consists of several; none of another file."""
    size = os.fstat(file.fileno()).st_size
    head = os.pread(file.fileno(), 16, 0)
    for magic, starts in _STARTS.items():
        if magic in (head[: len(magic)], head[4 : 4 + len(magic)]):
            # As many as there are parts, and one at the very beginning.
            found = [at for at in islice(starts(file, size), MOST_PARTS + 1) if at > 0]
            edges = [0, *found, size][: MOST_PARTS + 1]
            seeks = magic == b"ftyp"
            some = [Part(start, end, seeks=seeks) for start, end in pairwise(edges)]
            return some if len(some) > 1 else []
    return []


def _matches(pattern: re.Pattern[bytes]) -> Callable[[BinaryIO, int], Iterator[int]]:
    """Places of a pattern. The file is read, not mapped: one that becomes shorter would end the process."""

    def starts(file: BinaryIO, size: int) -> Iterator[int]:
        last = -1
        for at in range(0, size, _BLOCK):
            for match in pattern.finditer(os.pread(file.fileno(), _BLOCK + _OVERLAP, at)):
                if at + match.start() > last:
                    last = at + match.start()
                    yield last

    return starts


def _boxes(file: BinaryIO, size: int) -> Iterator[int]:
    """MP4: beginnings of the boxes that begin files."""
    return (at for at, name, _ in boxes(file, size) if name == b"ftyp")


def _segments(file: BinaryIO, size: int) -> Iterator[int]:
    """Matroska: beginnings of headers, up to a segment that does not state its size."""
    at = 0
    for _ in range(_MOST_STEPS):
        if at >= size:
            return
        head = os.pread(file.fileno(), 12, at)
        name = head[:4]
        if name == _EBML:
            yield at
        if name not in (_EBML, _SEGMENT) or len(head) < 12 or not head[4]:
            return
        count = 9 - head[4].bit_length()
        length = int.from_bytes(head[4 : 4 + count]) & ((1 << 7 * count) - 1)
        if length == (1 << 7 * count) - 1:
            return
        at += 4 + count + length


# By what a file of the kind begins with; MP4 after the size of its first box.
_STARTS: dict[bytes, Callable[[BinaryIO, int], Iterator[int]]] = {
    b"fLaC": _matches(_FLAC),
    b"TTA1": _matches(_TTA),
    b"wvpk": _matches(_WAVPACK),
    b"ftyp": _boxes,
    _EBML: _segments,
}
