"""What ffmpeg reads: a file, or a part of it with a corrected header."""

import asyncio
import os
import tempfile
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from spotscribe_audio.audio.headers import Part

_BLOCK = 1 << 18


@dataclass(frozen=True)
class Source:
    """A file, or a part of one.

    Attributes:
        file: the media, open for reading.
        scratch: directory for the copy of a part that is read in any order.
        part: what is read of it; None for all, as it is.
    """

    file: BinaryIO
    scratch: Path
    part: Part | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[str, int]]:
        """The name under which ffmpeg opens it, and the descriptor that it inherits.

        A name without an extension, which ffmpeg would believe; and the very file that was checked.
        """
        if self.part is None:
            yield _name(self.file)
            return
        if self.part.seeks:
            with tempfile.TemporaryFile(dir=self.scratch) as copy:
                await asyncio.to_thread(_copy, self.file, self.part, copy)
                yield _name(copy)
            return
        reading, writing = os.pipe()
        # A descriptor of its own: the file may be closed before the thread has seen the pipe's end.
        file = os.dup(self.file.fileno())
        threading.Thread(target=_feed, args=(file, self.part, writing), daemon=True).start()
        try:
            yield f"pipe:{reading}", reading
        finally:
            os.close(reading)


def _name(file: BinaryIO) -> tuple[str, int]:
    return f"file:/dev/fd/{file.fileno()}", file.fileno()


def _copy(file: BinaryIO, part: Part, into: BinaryIO) -> None:
    at = part.start
    while at < part.end:
        sent = os.sendfile(into.fileno(), file.fileno(), at, min(part.end - at, 1 << 24))
        if not sent:
            return
        at += sent


def _feed(file: int, part: Part, into: int) -> None:
    """Writes the part until its end, or until nobody reads."""
    at = part.start
    try:
        while at < part.end:
            block = bytearray(os.pread(file, min(_BLOCK, part.end - at), at))
            if not block:
                return
            if part.patch is not None:
                _overlay(block, at, *part.patch)
            at += len(block)
            left = memoryview(block)
            while left:
                left = left[os.write(into, left) :]
    except BrokenPipeError:
        pass
    finally:
        with suppress(OSError):
            os.close(into)
        os.close(file)


def _overlay(block: bytearray, at: int, place: int, content: bytes) -> None:
    for number, byte in enumerate(content, place - at):
        if 0 <= number < len(block):
            block[number] = byte
