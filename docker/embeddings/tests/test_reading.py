"""Corpora as people have them: lines, tables, and files that are neither."""

import io
import json
import os
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spotscribe_common.errors import InvalidRequestError
from spotscribe_embeddings.corpus import reading
from spotscribe_embeddings.corpus.reading import Row, open_corpus


def rows_of(
    content: bytes, tmp_path: Path, *, skip: int = 0, column: str = "text", id_column: str | None = None
) -> list[Row]:
    file = tmp_path / "corpus"
    file.write_bytes(content)
    with (
        file.open("rb") as opened,
        open_corpus(opened, column=column, id_column=id_column, skip=skip) as corpus,
    ):
        return [*corpus]


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, **options)
    return out.getvalue()


def as_lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def test_lines_are_texts_or_objects_with_one(tmp_path: Path) -> None:
    content = as_lines("plain", {"text": "with id", "id": 7}, {"id": "b", "text": [1, 2]}, [3, 4])
    rows = rows_of(content, tmp_path)
    assert [(row.number, row.id, row.text) for row in rows] == [
        (1, None, "plain"),
        (2, "7", "with id"),
        (3, "b", [1, 2]),
        (4, None, [3, 4]),
    ]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    assert rows[-1].at == 1


def test_endings_of_lines_and_files(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbf"first"\r\n\r\n   \n"second"\n\n"last"'
    assert [(row.number, row.text) for row in rows_of(content, tmp_path)] == [
        (1, "first"),
        (4, "second"),
        (6, "last"),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{broken", "not valid JSON"),
        (b'"\xff\xfe"', "not valid JSON"),
        (b'"\\ud800"', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"NaN", "not valid JSON"),
        (b'"unfinished', "not valid JSON"),
        (b'{"body": "x"}', "no field 'text'. Its fields: 'body'"),
        (b"{}", "Its fields: none"),
        (b'{"text": null}', "it is empty"),
        (b'{"text": ""}', "is empty"),
        (b'{"text": 5}', "type int"),
        (b'{"text": {"a": 1}}', "type dict"),
        (b'{"text": "' + b"x" * (5 << 20) + b'"}', "more than 4194304 characters"),
        (b'{"text": ["a"]}', "not one of token ids"),
        (b'{"text": [1.5]}', "not one of token ids"),
        (b'{"text": [-1]}', "not one of token ids"),
        (b"null", "it is empty"),
        (b"true", "type bool"),
        (b'{"text": "x", "id": ["a"]}', "'id' must be a text or a number"),
        (b'{"text": "x", "id": "' + b"a" * 1001 + b'"}', "more than 1000 characters"),
        (b'"' + b"x" * (9 << 20) + b'"', "more than 8388608 bytes"),
    ],
    ids=lambda value: value[:20].decode(errors="replace") if isinstance(value, bytes) else None,
)
def test_a_line_that_cannot_be_used_is_told_and_the_rest_goes_on(
    line: bytes, words: str, tmp_path: Path
) -> None:
    first, bad, last = rows_of(b'"first"\n' + line + b'\n"last"\n', tmp_path)
    assert (first.text, last.text, last.number) == ("first", "last", 3)
    assert bad.text is None
    assert words in str(bad.reason)


def test_other_columns_may_be_named(tmp_path: Path) -> None:
    content = as_lines({"body": "x", "key": 1}, {"body": "y"})
    one, two = rows_of(content, tmp_path, column="body", id_column="key")
    assert (one.id, one.text) == ("1", "x")
    assert two.reason == "The row has no 'key'."


def test_rows_that_are_done_are_skipped_with_their_numbers(tmp_path: Path) -> None:
    content = b'"a"\n\n{broken\n"c"\n"d"\n'
    assert [(row.number, row.text) for row in rows_of(content, tmp_path, skip=2)] == [(4, "c"), (5, "d")]
    table = parquet({"text": [f"t{n}" for n in range(10)]}, row_group_size=4)
    for skip in range(11):
        assert [row.number for row in rows_of(table, tmp_path, skip=skip)] == [*range(skip + 1, 11)]


def test_a_parquet_file_is_known_by_its_content(tmp_path: Path) -> None:
    content = parquet({"id": [1, 2, 3], "text": ["a", None, "c"], "more": [[1], [2], [3]]}, row_group_size=2)
    rows = rows_of(content, tmp_path)
    assert [(row.number, row.id, row.text) for row in rows] == [(1, "1", "a"), (2, "2", None), (3, "3", "c")]
    assert rows[1].reason is not None
    assert rows[-1].at == 1


@pytest.mark.parametrize(
    "texts",
    [
        pa.array(["a", "b"]).dictionary_encode(),
        pa.array(["a", "b"], pa.large_string()),
        pa.array(["a", "b"], pa.string_view()),
    ],
    ids=lambda each: str(each.type)[:20],
)
def test_all_kinds_of_text_columns_are_read(texts: Any, tmp_path: Path) -> None:
    assert [row.text for row in rows_of(parquet({"text": texts}), tmp_path)] == ["a", "b"]


def test_a_column_of_token_ids_is_read(tmp_path: Path) -> None:
    content = parquet({"text": pa.array([[1, 2], [3]], pa.list_(pa.int32()))})
    assert [row.text for row in rows_of(content, tmp_path)] == [[1, 2], [3]]


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "lz4", "brotli"])
def test_all_compressions_are_read(compression: str, tmp_path: Path) -> None:
    assert [row.text for row in rows_of(parquet({"text": ["a"]}, compression=compression), tmp_path)] == ["a"]


def bomb(rows: int, size: int) -> bytes:
    """Megabytes of one letter, packed a thousandfold."""
    return parquet(
        {"text": ["a" * size] * rows}, compression="zstd", use_dictionary=False, data_page_size=1 << 30
    )


TRUNCATED = parquet({"text": ["a" * 100] * 1000})
CASES = {
    "empty": (b"", "is empty"),
    "utf-16": ("\ufeff{}".encode("utf-16-le"), "UTF-16. Convert"),
    "gzip": (b"\x1f\x8b\x08" + bytes(20), "gzip. Unpack"),
    "zip": (b"PK\x03\x04" + bytes(20), "zip archive. Unpack"),
    "no column": (parquet({"body": ["a"], "id": [1]}), "no column 'text'. Its columns: 'body', 'id'"),
    "numbers": (parquet({"text": [1, 2]}), "has the type int64"),
    "bytes": (parquet({"text": [b"a"]}), "has the type binary"),
    "cut off": (TRUNCATED[: len(TRUNCATED) // 2], "cannot be read"),
    "only magic": (b"PAR1", "cannot be read"),
    "magic twice": (b"PAR1PAR1", "cannot be read"),
    "huge footer": (b"PAR1" + bytes(10) + struct.pack("<I", 0x7FFFFFFF) + b"PAR1", "cannot be read"),
    "damaged pages": (
        TRUNCATED[:4] + bytes(b ^ 0x5A for b in TRUNCATED[4:200]) + TRUNCATED[200:],
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    content, words = CASES[name]
    with pytest.raises(InvalidRequestError) as refused:
        rows_of(content, tmp_path)
    assert words in refused.value.message


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]), out)
    with pytest.raises(InvalidRequestError, match="no column"):
        rows_of(out.getvalue(), tmp_path)


def test_a_file_that_unpacks_to_gigabytes_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_MEMORY_BYTES", 1 << 30)
    # One page, and as large as all that the reader may have.
    content = bomb(16, 64 << 20)
    assert len(content) < 1 << 20
    with pytest.raises(InvalidRequestError, match=r"memory|cannot be read"):
        rows_of(content, tmp_path)


def is_reader(pid: str) -> bool:
    try:
        return b"read_corpus" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def test_the_reader_ends_with_the_block_and_knows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "s3cret")
    file = tmp_path / "corpus"
    file.write_bytes(b'"a"\n' * 2_000_000)
    with file.open("rb") as opened, open_corpus(opened, column="text", id_column=None, skip=0) as corpus:
        assert next(iter(corpus)).text == "a"
        pid = os.getpid()
        # Other tests of this process may have left theirs.
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        [child] = [each for each in children if is_reader(each)]
        environment = Path(f"/proc/{child}/environ").read_bytes()
        assert b"PATH=" in environment
        assert b"s3cret" not in environment
    assert not Path(f"/proc/{child}").exists()
