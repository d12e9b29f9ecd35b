"""Multipart forms that are malformed, cut off, or too large: each ends in a form or in a refusal."""

from pathlib import Path
from random import Random
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from spotscribe_common.errors import InvalidRequestError, PermanentError
from spotscribe_common.receiving.form_reader import FormReader
from spotscribe_common.requests.form_fields import parsed_form

CONTENT_TYPE = "multipart/form-data; boundary=limit"
WORDS = (
    b"--limit", b"--limit--", b"\r\n", b"\n", b"\r", b"--", b"\0", b"\xff", b"\xed\xa0\x80", b": ", b'"',
    b";", b"filename=", b"name=", b"Content-Disposition", b"[", b"]", b"[0]", b"[]", b"x" * 5000, b" " * 500,
    b'Content-Disposition: form-data; name="model"\r\n\r\n',
)  # fmt: skip


class Fields(BaseModel):
    model_config = ConfigDict(extra="forbid")
    model: str | None = Field(default=None, max_length=50)
    names: list[Annotated[str, Field(max_length=20)]] = Field(default_factory=list)
    count: int | None = None


def part(name: str, value: bytes, *, file: bool = False) -> bytes:
    filename = '; filename="a.wav"' if file else ""
    return (
        f'--limit\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'.encode()
        + value
        + b"\r\n"
    )


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--limit--\r\n"


WHOLE = form(
    part("model", b"whisper-1"),
    part("file", b"RIFF\r\n--limi\r\n\0\xff" * 20, file=True),
    part("names[1]", b"Bob"),
    part("names[0]", b"Ann"),
    part("count", b"2"),
)


def read(body: bytes, scratch: Path, *, size: int = 65536, text: int = 10_000) -> tuple[Fields, bytes]:
    with FormReader(CONTENT_TYPE, text=text, scratch=scratch) as reader:
        for at in range(0, len(body), size):
            reader.feed(body[at : at + size])
        reader.finish()
        fields = parsed_form(reader, Fields)
        if reader.file is None:
            return fields, b""
        reader.file.seek(0)
        return fields, reader.file.read()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65536])
def test_a_form_is_read_however_it_is_cut_into_pieces(size: int, tmp_path: Path) -> None:
    fields, file = read(WHOLE, tmp_path, size=size)
    assert fields == Fields(model="whisper-1", names=["Ann", "Bob"], count=2)
    assert file == b"RIFF\r\n--limi\r\n\0\xff" * 20


def refused(body: bytes, scratch: Path, size: int) -> PermanentError | None:
    try:
        read(body, scratch, size=size)
    except PermanentError as error:
        return error
    return None


def mutated(random: Random) -> bytes:
    body = bytearray(WHOLE)
    for _ in range(random.randint(1, 4)):
        at, to = sorted(random.randint(0, len(body)) for _ in range(2))
        match random.randrange(5):
            case 0:
                del body[at:to]
            case 1:
                body[at:at] = random.choice(WORDS)
            case 2:
                body[at:to] = random.randbytes(random.randint(0, 40))
            case 3:
                body[at:at] = body[at:to]
            case 4:
                del body[to:]
    return bytes(body)


@pytest.mark.parametrize("seed", range(50))
def test_a_mutated_form_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    for _ in range(60):
        body = mutated(random)
        size = random.choice([1, 5, 100, 65536])
        refusal = refused(body, tmp_path, size)
        if refusal is not None:
            assert 400 <= refusal.status < 500
            assert len(refusal.message.encode()) < 1000
            (refusal.param or "").encode()
    assert list(tmp_path.iterdir()) == []


def test_how_a_mutated_form_is_cut_into_pieces_changes_nothing(tmp_path: Path) -> None:
    def outcome(body: bytes, size: int) -> object:
        try:
            return read(body, tmp_path, size=size)
        except PermanentError as error:
            return type(error), error.param

    random = Random(7)
    for _ in range(300):
        body = mutated(random)
        assert outcome(body, 1) == outcome(body, 65536), body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        WHOLE[:10],
        WHOLE[:100],
        WHOLE.removesuffix(b"--limit--\r\n"),
        WHOLE.removesuffix(b"--\r\n"),
        WHOLE[: WHOLE.index(b"RIFF") + 30],
        WHOLE[: WHOLE.index(b"names[1]")],
    ],
)
def test_a_form_without_its_closing_boundary_is_cut_off(body: bytes, tmp_path: Path) -> None:
    """It was taken for one without a file, or whatever had come of it for all."""
    with pytest.raises(InvalidRequestError, match="cut off: its closing boundary is missing"):
        read(body, tmp_path)


@pytest.mark.parametrize(
    ("body", "said", "param"),
    [
        (form(part("model", b"\xff")), "model is not UTF-8", "model"),
        (form(part("names[]", b"\xed\xa0\x80")), "not UTF-8", "names[]"),
        (form(part("model", b"x" * 5000)), "at most 50 characters", "model"),
        (form(part("count", b"9" * 5000)), "at most 1000 characters", "count"),
        (form(part("names", b"x" * 30)), "at most 20 characters", "names.0"),
        (form(part("a\0b", b"x")), r"a\\x00b' is not a known field", r"a\x00b"),
        (form(part("z" * 180, b"x")), "is not a known field. Known: file, count", "z" * 100 + "…"),
        (form(part("z" * 3000, b"x")), "is not a known field", "z" * 100 + "…"),
        (form(part("names[x]", b"x")), "is not a known field", "names[x]"),
        (form(part("model[0]", b"x")), "is not a known field", "model[0]"),
        (form(part("names[0][0]", b"x")), "is not a known field", "names[0][0]"),
        (form(part("names[1]", b"x"), part("names[01]", b"y")), "given twice", "names"),
        (form(part("model", b"a"), part("model", b"b")), "given 2 times", "model"),
        (form(part("file", b"talk.mp3")), "came as text", "file"),
        (form(part("audio", b"x", file=True)), "came as 'audio'", "file"),
        (form(part("file", b"x", file=True), part("file", b"y", file=True)), "two files", "file"),
        (
            form(*(part("names[]", b"x") for _ in range(200))),
            "'names\\[\\]': the form has more than 128 fields",
            "names[]",
        ),
        (form(part("model", b"x" * 20_000)), "more than 10000 bytes together", "model"),
        (WHOLE + b"x" * (300 << 10), "outside of its parts", None),
        (part("model", b"x") + b"--limit" + b" " * (300 << 10) + WHOLE[7:], "outside of its parts", None),
        (b"--limit\r\nContent-Disposition: form-data\r\n\r\nx\r\n--limit--\r\n", "has no name", None),
    ],
)
def test_what_is_wrong_with_a_form_is_named(
    body: bytes, said: str, param: str | None, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequestError, match=said) as raised:
        read(body, tmp_path)
    assert raised.value.param == param
    assert len(raised.value.message) < 400


@pytest.mark.parametrize("header", ["a/b", "a/b; boundary=", f"a/b; boundary={'b' * 71}"])
def test_a_boundary_is_needed(header: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="boundary"):
        FormReader(header, text=10, scratch=tmp_path)


def test_a_list_is_written_in_any_of_three_ways(tmp_path: Path) -> None:
    for first, second in (("names", "names"), ("names[]", "names[]"), ("names[0]", "names[1]")):
        fields, _ = read(form(part(first, b"a"), part(second, b"b")), tmp_path)
        assert fields.names == ["a", "b"]
    fields, _ = read(form(part("names[10]", b"c"), part("names[2]", b"b"), part("names[]", b"a")), tmp_path)
    assert fields.names == ["a", "b", "c"]


def test_a_field_is_left_out_where_its_text_is_empty(tmp_path: Path) -> None:
    fields, _ = read(form(part("model", b""), part("names[0]", b""), part("count", b"")), tmp_path)
    assert fields == Fields()


def test_the_files_of_a_form_have_no_name_and_end_with_it(tmp_path: Path) -> None:
    with FormReader(CONTENT_TYPE, text=1 << 20, scratch=tmp_path) as reader:
        reader.feed(form(part("names", b"x" * (200 << 10)), part("file", b"y" * (200 << 10), file=True)))
        assert list(tmp_path.iterdir()) == []
        file = reader.file
    assert file is not None
    assert file.closed
