"""Where the samples lie in files made of chunks, and whether their headers state it rightly.

Recorders write a chunk's size when they stop. A recorder that crashed, a pipe, or a file above 4 GiB leaves
another size: ffmpeg then reads too little, or nothing. A corrected header tells it where the file ends.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MOST_CHUNKS = 1000
# More files than anybody joins; each is a process.
MOST_PARTS = 100
# What follows the samples and is shorter is no audio worth the name.
_SHORT_BYTES = 1024
# Sizes that mean "not known": those of ffmpeg, sox and arecord, which may have the header's bytes subtracted.
_UNKNOWN_32 = (range(1), range(0x7FFF_F000, 0x8000_0001), range(0xFFFF_F000, 0x1_0000_0000))
_UNKNOWN_64 = (range(1), range(1 << 62, 1 << 64))
# Chunks that follow samples, and may be cut off themselves.
_BEHIND = frozenset(
    {b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"_PMX", b"axml", b"NAME", b"info"}
)
_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")


@dataclass(frozen=True)
class Part:
    """A recording inside a file; most files are one.

    Attributes:
        start: of the recording, in bytes from the file's beginning.
        end: behind its last byte.
        held: bytes of samples that are there; 0 if that is not known.
        stated: bytes of samples that the header states; None if it does not know.
        patch: where the header is wrong: position in the file, and what has to be there.
        seeks: whether ffmpeg must read it in any order.
    """

    start: int
    end: int
    held: int = 0
    stated: int | None = None
    patch: tuple[int, bytes] | None = None
    seeks: bool = False


@dataclass(frozen=True)
class _Form:
    """A kind of chunked file.

    Attributes:
        head: bytes before the first chunk.
        name_bytes: length of a chunk's name.
        size: format of a chunk's size, for `struct`.
        counts_head: whether the size counts the chunk's own head.
        align: chunks begin at multiples of it.
        samples: beginning of the name of the chunk with the samples.
        needs: beginning of the name of a chunk that must come before.
        prelude: bytes in the chunk before the samples.
    """

    head: int
    name_bytes: int
    size: str
    counts_head: bool
    align: int
    samples: bytes
    needs: bytes
    prelude: int = 0

    @property
    def size_bytes(self) -> int:
        return struct.calcsize(self.size)

    @property
    def chunk_head(self) -> int:
        return self.name_bytes + self.size_bytes


_RIFF = _Form(12, 4, "<I", counts_head=False, align=2, samples=b"data", needs=b"fmt ")
_RIFX = _Form(12, 4, ">I", counts_head=False, align=2, samples=b"data", needs=b"fmt ")
_AIFF = _Form(12, 4, ">I", counts_head=False, align=2, samples=b"SSND", needs=b"COMM", prelude=8)
_W64 = _Form(40, 16, "<Q", counts_head=True, align=8, samples=b"data", needs=b"fmt ")
_CAF = _Form(8, 4, ">Q", counts_head=False, align=1, samples=b"data", needs=b"desc", prelude=4)


def parts(file: BinaryIO) -> list[Part]:
    """The recordings of a chunked file, at most the first hundred; none of another file."""
    size = os.fstat(file.fileno()).st_size
    found: list[Part] = []
    at = 0
    while at < size and len(found) < MOST_PARTS:
        part = _part(file, at, size)
        if part is None:
            break
        found.append(part)
        at = part.end
    return found


def _form(head: bytes) -> _Form | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _RIFF
    if head[:4] == b"RIFX" and head[8:12] == b"WAVE":
        return _RIFX
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _AIFF
    if head[:4] == b"caff" and head[4:6] == b"\0\1":
        return _CAF
    return _W64 if head[:16] == _W64_RIFF else None


def _chunks(file: BinaryIO, form: _Form, at: int, size: int) -> Iterator[tuple[int, bytes, int]]:
    """Position, name and size of the chunks, from one position on; the size without the chunk's head."""
    for _ in range(_MOST_CHUNKS):
        head = os.pread(file.fileno(), form.chunk_head, at)
        if len(head) < form.chunk_head:
            return
        length = struct.unpack(form.size, head[form.name_bytes :])[0]
        if form.counts_head:
            length = max(length - form.chunk_head, 0)
        yield at, head[: form.name_bytes], length
        at += form.chunk_head + length
        at += -at % form.align
        if at >= size:
            return


def _part(file: BinaryIO, at: int, size: int) -> Part | None:
    form = _form(os.pread(file.fileno(), 16, at))
    if form is None:
        return None
    needed, ds64 = b"", None
    for place, name, length in _chunks(file, form, at + form.head, size):
        if name.startswith(form.needs):
            needed = os.pread(file.fileno(), 32, place + form.chunk_head)
        if name == b"ds64":
            ds64 = place + form.chunk_head + 8
        if name.startswith(form.samples):
            if not needed or (form is _CAF and needed[16:20] == bytes(4)):
                # Without what describes the samples there are none. Packets of various lengths have a table
                # behind them, so the size of what comes before it is needed.
                return None
            return _measured(file, form, _Found(at, place, length, ds64), size)
    return None


@dataclass(frozen=True)
class _Found:
    """The chunk of the samples: where its file begins, where it does, its size, and where RF64 has that."""

    start: int
    place: int
    length: int
    ds64: int | None


def _measured(file: BinaryIO, form: _Form, found: _Found, size: int) -> Part:
    field, field_format = found.place + form.name_bytes, form.size
    length = found.length
    if found.ds64 is not None and length == 0xFFFF_FFFF:
        field, field_format = found.ds64, "<Q"
        length = struct.unpack("<Q", os.pread(file.fileno(), 8, field).ljust(8, b"\0"))[0]
    first = found.place + form.chunk_head + form.prelude
    unknown = _UNKNOWN_64 if struct.calcsize(field_format) > struct.calcsize("I") else _UNKNOWN_32
    samples = max(length - form.prelude, 0)
    end = _end_of(file, form, first + samples, size) if samples and first + samples <= size else None
    if end is not None:
        return Part(found.start, end, samples, samples)
    held = max(size - first, 0)
    is_unknown = samples == 0 or any(length in span for span in unknown)
    if samples >= held and not is_unknown:
        # ffmpeg reads to the file's end.
        return Part(found.start, size, held, samples)
    counted = held + form.prelude + (form.chunk_head if form.counts_head else 0)
    most = (1 << 8 * struct.calcsize(field_format)) - 1
    patch = (field, struct.pack(field_format, min(counted, most)))
    return Part(found.start, size, held, None if is_unknown else samples, patch)


def _end_of(file: BinaryIO, form: _Form, behind: int, size: int) -> int | None:
    """Where the recording ends, if what follows its samples are chunks, zeros or another recording."""
    for at in dict.fromkeys((behind + -behind % form.align, behind)):
        if size - at <= _SHORT_BYTES and _form(os.pread(file.fileno(), 16, at)) is None:
            return size
        for place, name, length in _chunks(file, form, at, size):
            if _form(os.pread(file.fileno(), 16, place)) is not None:
                return place
            stop = place + form.chunk_head + length
            if name in _BEHIND and stop > size:
                return size
            if not name[:4].isascii() or not name[:4].decode().isprintable() or stop > size:
                break
            if size - stop <= _SHORT_BYTES:
                return size
    return size if _is_zero(file, behind, size) else None


def _is_zero(file: BinaryIO, at: int, size: int) -> bool:
    """Whether only zeros follow: room that a recorder has reserved."""
    while at < size:
        block = os.pread(file.fileno(), 1 << 20, at)
        if not block or block.count(0) < len(block):
            return not block
        at += len(block)
    return True
