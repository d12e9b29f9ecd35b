"""JSON whose texts are not Unicode is refused by its field, in little memory."""

import json
import tracemalloc
from typing import Any

import pytest
from pydantic import BaseModel

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.requests.json_text import parsed_json


class Chat(BaseModel):
    messages: list[Any]


def broken(size: int, text: bytes = b"\\ud800") -> bytes:
    """A body of about this size: empty lists, and one broken text at its end."""
    return b'{"messages":[' + b"[]," * (size // 3) + b'"' + text + b'"]}'


def refusal(body: bytes) -> tuple[InvalidRequestError, int]:
    """The error, and the most bytes of Python's memory while it was found."""
    tracemalloc.start()
    try:
        with pytest.raises(InvalidRequestError) as raised:
            parsed_json(body, Chat)
        return raised.value, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", [b"\\ud800", b"\\udc00x", b"\xff", b"\xed\xa0\x80"])
def test_a_large_body_is_not_read_again_for_the_field(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """8 MiB took 800 MiB and 18 s."""
    monkeypatch.setattr(json, "loads", lambda *_: pytest.fail("it is read again"))
    error, memory = refusal(broken(8 << 20, text))
    assert memory < 1 << 20
    assert error.param is None
    assert "at line 1 column 83886" in error.message
    assert "not valid Unicode" in error.message


def test_the_search_for_the_field_takes_no_more_than_its_objects() -> None:
    body = broken(1 << 19)
    tracemalloc.start()
    objects = json.loads(body)
    whole = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    error, memory = refusal(body)
    assert error.param == f"messages.{len(objects['messages']) - 1}"
    assert memory < whole + len(body) + (1 << 20)


def test_a_body_that_is_no_json_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda *_: pytest.fail("it is read again"))
    error, _ = refusal(b'{"messages": [')
    assert "Invalid JSON" in error.message


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (rb'"\ud800"', "The body"),
        (rb'{"messages": [{"a": [], "b": {"c": [[], "x", "\udc00"]}}]}', "messages.0.b.c.2"),
        (rb'{"messages": [{"a": {}}], "x": "\ud800"}', "x"),
        (rb'{"messages": [[{"\ud800": 1}]]}', r"messages.0.0.\ud800"),
    ],
)
def test_the_broken_text_is_named(body: bytes, param: str) -> None:
    error, _ = refusal(body)
    assert error.param == param
