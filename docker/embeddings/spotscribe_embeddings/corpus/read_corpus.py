"""Reads a corpus from standard input and writes its rows to standard output, a line of JSON each.

It runs as a program of its own, with limits, because the file may be hostile. It imports nothing of the
service. Arguments: the column of the texts, that of the ids, and how many rows to skip. Lines:

    {"format": "jsonl", "total": 1234}      first line; the total is in bytes, or in rows of a Parquet file
    [row, id, text or token ids, at]        a row; `at` tells how much of the total has been read
    [row, id, null, at, "reason"]           a row that cannot be used
    {"fault": "reason"}                     last line, if the file cannot be used
    {"end": true}                           last line otherwise
"""

import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

_MOST_LINE_BYTES = 8 << 20
_MOST_ID_CHARACTERS = 1000
# No model reads as much of a text.
_MOST_CHARACTERS = 4 << 20
# Rows that are read at once from a Parquet file.
_BATCH_ROWS = 512
_PARQUET_MAGIC = b"PAR1"
_OTHER_KINDS = {
    b"\xff\xfe": "text in UTF-16. Convert it to UTF-8",
    b"\xfe\xff": "text in UTF-16. Convert it to UTF-8",
    b"\x1f\x8b": "compressed with gzip. Unpack it",
    b"BZh": "compressed with bzip2. Unpack it",
    b"(\xb5/\xfd": "compressed with zstd. Unpack it",
    b"PK\x03\x04": "a zip archive. Unpack it",
}


class FaultError(Exception):
    """The whole file cannot be used."""


class Column:
    """Where the text and the id of a row are.

    Args:
        text: name of the text's column.
        identity: name of the id's column.
        is_required: whether rows must have an id.
    """

    def __init__(self, text: str, identity: str, *, is_required: bool) -> None:
        self.text = text
        self.identity = identity
        self.is_required = is_required

    def judged(self, value: Any, identity: Any) -> tuple[str | None, Any, str | None]:
        """Id, text or token ids, and the reason why the row cannot be used, if it cannot."""
        if identity is None:
            if self.is_required:
                return None, None, f"The row has no {self.identity!r}."
        elif isinstance(identity, bool | list | dict):
            return None, None, f"{self.identity!r} must be a text or a number."
        else:
            identity = str(identity)
            if len(identity) > _MOST_ID_CHARACTERS:
                return None, None, f"{self.identity!r} has more than {_MOST_ID_CHARACTERS} characters."
        return (identity, *self._text(value))

    def _text(self, value: Any) -> tuple[Any, str | None]:
        if isinstance(value, str | list) and len(value) > _MOST_CHARACTERS:
            return None, f"{self.text!r} has more than {_MOST_CHARACTERS} characters or tokens."
        if isinstance(value, str):
            return (value, None) if value.strip() else (None, f"{self.text!r} is empty.")
        if isinstance(value, list) and value:
            is_ids = all(type(each) is int and 0 <= each < 1 << 31 for each in value)
            return (value, None) if is_ids else (None, f"{self.text!r} is a list, but not one of token ids.")
        found = "empty" if value is None or value == [] else f"of the type {type(value).__name__}"
        return None, f"{self.text!r} must be a text or a list of token ids; it is {found}."


def emit(value: Any) -> None:
    """Writes a line."""
    sys.stdout.buffer.write(orjson.dumps(value))
    sys.stdout.buffer.write(b"\n")


def read_lines(source: BinaryIO, column: Column, skip: int) -> Iterator[list[Any]]:
    """The rows of a JSONL file. Blank lines are no rows; rows are counted by lines."""
    number = at = 0
    while line := source.readline(_MOST_LINE_BYTES + 1):
        number += 1
        at += len(line)
        is_long = len(line) > _MOST_LINE_BYTES and not line.endswith(b"\n")
        while is_long and line and not line.endswith(b"\n"):
            line = source.readline(1 << 20)
            at += len(line)
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not is_long and not line.strip():
            continue
        if skip > 0:
            skip -= 1
            continue
        if is_long:
            yield [number, None, None, at, f"The line has more than {_MOST_LINE_BYTES} bytes."]
            continue
        yield _row(number, line, column, at)


def _row(number: int, line: bytes, column: Column, at: int) -> list[Any]:
    try:
        value = orjson.loads(line)
    except ValueError as error:
        return [number, None, None, at, f"The line is not valid JSON: {str(error)[:150]}."]
    if isinstance(value, dict):
        if column.text not in value:
            names = ", ".join(repr(name[:40]) for name in list(value)[:8]) or "none"
            return [number, None, None, at, f"The line has no field {column.text!r}. Its fields: {names}."]
        identity, text, reason = column.judged(value[column.text], value.get(column.identity))
    else:
        identity, text, reason = column.judged(value, None)
    return _line(number, identity, text, at, reason)


def _line(number: int, identity: str | None, text: Any, at: int, reason: str | None) -> list[Any]:
    return [number, identity, text, at] if reason is None else [number, identity, None, at, reason]


def read_parquet(source: BinaryIO, column: Column, skip: int) -> Iterator[Any]:
    """The total, then the rows of a Parquet file."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        # Buffered: a whole column of a row group is never in memory.
        file = pq.ParquetFile(source, buffer_size=1 << 20, pre_buffer=False)
        names = file.schema_arrow.names
        _check_columns(file.schema_arrow, column)
        yield {"format": "parquet", "total": file.metadata.num_rows}
        columns = [name for name in (column.text, column.identity) if name in names]
        first = 0
        groups: list[int] = []
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if first + rows <= skip and not groups:
                first += rows
            else:
                groups.append(group)
        number = first
        for batch in file.iter_batches(_BATCH_ROWS, row_groups=groups, columns=columns):
            texts = batch.column(column.text).to_pylist()
            ids = (
                batch.column(column.identity).to_pylist()
                if column.identity in columns
                else [None] * len(texts)
            )
            for value, identity in zip(texts, ids, strict=True):
                number += 1
                if number <= skip:
                    continue
                found, text, reason = column.judged(value, identity)
                yield _line(number, found, text, number, reason)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise FaultError(f"The Parquet file cannot be read: {str(error)[:300]}.") from error


def _check_columns(schema: Any, column: Column) -> None:
    import pyarrow as pa  # noqa: PLC0415

    for name in [column.text, *([column.identity] if column.is_required else [])]:
        if schema.names.count(name) != 1:
            known = ", ".join(repr(each[:40]) for each in schema.names[:20])
            raise FaultError(f"The file has no column {name!r}. Its columns: {known}.")
    kind = schema.field(column.text).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_text and not (is_list and pa.types.is_integer(kind.value_type)):
        raise FaultError(f"The column {column.text!r} has the type {kind}. Give texts or lists of token ids.")


def check_kind(beginning: bytes) -> None:
    """Refuses a file whose first bytes say that it is something else."""
    if not beginning:
        raise FaultError("The file is empty.")
    for magic, kind in _OTHER_KINDS.items():
        if beginning.startswith(magic):
            raise FaultError(f"The file is {kind}.")


def main(text: str, identity: str, skip: str) -> None:
    """Reads standard input, which must be a file."""
    column = Column(text, identity or "id", is_required=bool(identity))
    source = sys.stdin.buffer
    try:
        beginning = source.read(8)
        size = source.seek(0, 2)
        source.seek(0)
        check_kind(beginning)
        if beginning.startswith(_PARQUET_MAGIC):
            for line in read_parquet(source, column, int(skip)):
                emit(line)
        else:
            emit({"format": "jsonl", "total": size})
            for line in read_lines(source, column, int(skip)):
                emit(line)
        emit({"end": True})
    except FaultError as fault:
        emit({"fault": str(fault)})
    except MemoryError:
        emit({"fault": "The file needs too much memory to be read. Write it with smaller pages or lines."})
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:4])
