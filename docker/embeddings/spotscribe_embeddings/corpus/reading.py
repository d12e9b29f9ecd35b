"""The rows of a corpus, read by a program of its own."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from spotscribe_common.contract import CorpusFormat
from spotscribe_common.errors import InternalError, InvalidRequestError
from spotscribe_common.process.limited import Limits, limited, plain_environment

_PROGRAM = Path(__file__).parent / "read_corpus.py"
# Arrow reserves addresses that it does not use.
_MEMORY_BYTES = 4 << 30
# Of a processor, for any file, and for each 256 KiB of it: Parquet may unpack to a hundred times its size.
_LEAST_SECONDS = 600
_BYTES_PER_SECOND = 256 << 10
# Of what it complains.
_MOST_SAID_BYTES = 1 << 20
# Longer than any line that the program writes: a line of the input, quoted, with its number.
_MOST_LINE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the corpus.

    Attributes:
        number: of the row, or of the line, from 1.
        id: what identifies it, if anything does.
        text: a text or token ids; None if the row cannot be used.
        at: how much of the corpus has been read with it, 0 to 1.
        reason: why it cannot be used.
    """

    number: int
    id: str | None
    text: str | list[int] | None
    at: float
    reason: str | None = None


class Corpus:
    """An open corpus: its format, and its rows one after the other.

    Args:
        lines: what the program writes.
    """

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        header = self._next()
        self.format: CorpusFormat = header["format"]
        self._total = max(header["total"], 1)

    def __iter__(self) -> Iterator[Row]:
        """The rows.

        Raises:
            InvalidRequestError: the file cannot be read any further.
        """
        while True:
            line = self._next()
            if isinstance(line, dict):
                return
            number, identity, text, at, *reason = line
            yield Row(number, identity, text, min(at / self._total, 1.0), *reason)

    def _next(self) -> Any:
        line = next(self._lines, b"")
        if not line.endswith(b"\n"):
            raise _BrokenError
        value = orjson.loads(line)
        if isinstance(value, dict) and "fault" in value:
            raise InvalidRequestError(value["fault"])
        return value


class _BrokenError(Exception):
    """The program ended before it had read the whole file."""


@contextmanager
def open_corpus(file: BinaryIO, *, column: str, id_column: str | None, skip: int) -> Iterator[Corpus]:
    """Reads a corpus in a program with limits, which ends with the block.

    Args:
        file: a JSONL or Parquet file; its content tells which.
        column: where the texts are.
        id_column: where the ids are; without one, in `id`, where there is any.
        skip: rows to leave out at the beginning.

    Raises:
        InvalidRequestError: the file is neither, is damaged, or lacks a column.
        InternalError: the program was killed.
    """
    size = os.fstat(file.fileno()).st_size
    limits = Limits(_MEMORY_BYTES, _MOST_SAID_BYTES, _LEAST_SECONDS + size // _BYTES_PER_SECOND)
    command = [sys.executable, "-I", str(_PROGRAM), column, id_column or "", str(skip)]
    # The program shares the position of the descriptor.
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    with tempfile.TemporaryFile() as said:
        program = subprocess.Popen(
            limited(command, limits),
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
            # Arrow's own allocators reserve more addresses than the limit allows.
            env={**plain_environment(), "ARROW_DEFAULT_MEMORY_POOL": "system"},
        )
        try:
            assert program.stdout is not None  # noqa: S101 - it is a pipe
            output = program.stdout
            try:
                yield Corpus(iter(lambda: output.readline(_MOST_LINE_BYTES), b""))
            except _BrokenError:
                raise _ended(program.wait(), said) from None
        finally:
            with _ignored():
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()
            program.stdout and program.stdout.close()


@contextmanager
def _ignored() -> Iterator[None]:
    try:
        yield
    except ProcessLookupError:
        return


def _ended(status: int, said: Any) -> InvalidRequestError | InternalError:
    said.seek(max(said.seek(0, 2) - 300, 0))
    last = said.read().decode(errors="replace").strip().splitlines()[-1:]
    if status == -signal.SIGKILL:
        return InternalError("The reader of the file was killed.")
    if status == -signal.SIGXCPU:
        return InvalidRequestError("The file takes too long to read. Split it into smaller ones.")
    why = f" ({last[0][:200]})" if last else ""
    return InvalidRequestError(f"The file is damaged, or needs too much memory to be read{why}.")
