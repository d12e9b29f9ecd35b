"""Vectors of some rows as a complete file."""

import io
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from spotscribe_common.contract import CorpusFormat
from spotscribe_embeddings.engines.engine import Matrix


@dataclass(frozen=True, slots=True)
class Embedded:
    """A row that has a vector."""

    number: int
    id: str | None
    tokens: int
    is_cut: bool


class Part:
    """Rows that are not sent yet."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.rows: list[Embedded] = []
        self._vectors: list[Matrix] = []

    @property
    def has_any(self) -> bool:
        """Whether anything was added, even if none of the rows had a vector."""
        return self._vectors != []

    def add(self, rows: list[Embedded], vectors: Matrix) -> None:
        """Adds rows in their order. There may be none, if all rows of a window failed."""
        self.rows += rows
        self._vectors.append(vectors)

    def take(self) -> tuple[list[Embedded], Matrix]:
        """The rows so far; the part is empty then."""
        taken = self.rows, np.concatenate(self._vectors)
        self.began, self.rows, self._vectors = time.monotonic(), [], []
        return taken


def part_file(rows: list[Embedded], vectors: Matrix, format_: CorpusFormat) -> bytes:
    """The file's bytes; none for no rows.

    Args:
        rows: in their order.
        vectors: one for each.
        format_: JSONL or Parquet.
    """
    if not rows:
        return b""
    return _jsonl(rows, vectors) if format_ == "jsonl" else _parquet(rows, vectors)


def _jsonl(rows: list[Embedded], vectors: Matrix) -> bytes:
    out = io.BytesIO()
    for row, vector in zip(rows, vectors, strict=True):
        value: dict[str, Any] = {"row": row.number}
        if row.id is not None:
            value["id"] = row.id
        value["embedding"] = vector
        value["tokens"] = row.tokens
        if row.is_cut:
            value["truncated"] = True
        out.write(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE))
    return out.getvalue()


def _parquet(rows: list[Embedded], vectors: Matrix) -> bytes:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    flat = np.ascontiguousarray(vectors).reshape(-1)
    table = pa.table(
        {
            "row": pa.array([row.number for row in rows], pa.int64()),
            "id": pa.array([row.id for row in rows], pa.string()),
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(flat), vectors.shape[1]),
            "tokens": pa.array([row.tokens for row in rows], pa.int32()),
            "truncated": pa.array([row.is_cut for row in rows], pa.bool_()),
        }
    )
    out = io.BytesIO()
    # Numbers of vectors hardly repeat: neither a dictionary nor compression makes them smaller.
    pq.write_table(table, out, compression="none", use_dictionary=["id"])
    return out.getvalue()
