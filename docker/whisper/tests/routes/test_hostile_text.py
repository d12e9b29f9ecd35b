"""Texts that are too long, or no texts: refused with 4xx in few words, by the name of their field."""

import json
from typing import Any

import httpx
import pytest

from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.dribble import FORM_START, answered, connected

OPENAI = "/v1/audio/transcriptions"
# Fields of each kind: text, choice, number, flag, list, object.
FIELDS = (
    "model", "language", "languages[]", "keywords[]", "prompt", "hotwords", "response_format", "temperature",
    "stream", "timestamp_granularities[]", "include[]", "known_speaker_names[]", "known_speaker_references[]",
    "num_speakers", "speaker_cleanup[]", "chunking_strategy", "chunking_strategy[type]",
    "chunking_strategy[threshold]", "max_line_width",
)  # fmt: skip


def sent(url: str, fields: dict[str, Any], route: str = OPENAI) -> httpx.Response:
    return httpx.post(f"{url}{route}", data=fields, files={"file": ("a.wav", b"x")}, timeout=60)


@pytest.mark.parametrize("field", FIELDS)
def test_a_text_of_a_megabyte_is_refused_in_few_words(field: str, url: str) -> None:
    answer = sent(url, {field: "x" * (1 << 20)})
    error = refusal(answer, 400, "invalid_request")
    assert error["param"].startswith(field.partition("[")[0])
    assert len(answer.content) < 1500


def test_a_models_name_of_megabytes_is_not_looked_at(url: str) -> None:
    """It came back whole, and nobody was answered for seven seconds."""
    answer = sent(url, {"model": "whisper-" * (3 << 17)})
    assert refusal(answer, 400, "invalid_request")["param"] == "model"
    assert len(answer.content) < 500


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_refused_by_their_field(field: str, value: bytes, url: str) -> None:
    body = (
        FORM_START
        + b"x\r\n--b\r\nContent-Disposition: "
        + f'form-data; name="{field}"\r\n\r\n'.encode()
        + value
        + b"\r\n--b--\r\n"
    )
    header = {"Content-Type": "multipart/form-data; boundary=b"}
    error = refusal(httpx.post(f"{url}{OPENAI}", content=body, headers=header), 400, "invalid_request")
    assert error["param"] == field
    assert "UTF-8" in error["message"]


@pytest.mark.parametrize("field", ["path", "language", "prompt", "hotwords"])
@pytest.mark.parametrize("value", [rb"\ud800", rb"\udc00x", b"\xff", b"\xed\xa0\x80"])
def test_half_a_character_in_json_is_refused_by_its_field(field: str, value: bytes, url: str) -> None:
    body = b'{"path": "input", "' + field.encode() + b'": "' + value + b'"}'
    header = {"Content-Type": "application/json"}
    error = refusal(httpx.post(f"{url}/transcribe", content=body, headers=header), 400, "invalid_request")
    assert error["param"] == field


def test_half_a_character_deep_inside_is_found(url: str) -> None:
    word = '{"id": 0, "start": 0, "end": 1, "text": "\\ud83d", "words": []}'
    answer = httpx.post(
        f"{url}/transcribe",
        content=f'{{"path": "input", "earlier": [{word}]}}',
        headers={"Content-Type": "application/json"},
    )
    assert refusal(answer, 400, "invalid_request")["param"] == "earlier.0.text"


@pytest.mark.parametrize("value", ["\0", "a\0b", "\n\r\t", "\x1b[2J", "\u202e", "\u2028", "😀", "\x7f"])
@pytest.mark.parametrize("field", ["model", "language", "known_speaker_names[]", "response_format", "a\0b"])
def test_control_characters_break_nothing(field: str, value: str, url: str) -> None:
    answer = sent(url, {field: value, "diarize": "true"})
    assert 400 <= answer.status_code < 500, answer.text
    json.dumps(answer.json())
    assert "\0" not in answer.json()["error"]["message"]


@pytest.mark.parametrize("value", ["\0", "a\0b", "x" * 1024, "../" * 300, "\u202e", "a\nb"])
def test_odd_paths_are_not_found_and_not_a_fault(value: str, url: str) -> None:
    answer = httpx.post(f"{url}/transcribe", json={"path": value})
    assert answer.status_code in {403, 404}, answer.text
    assert len(answer.content) < 1500


@pytest.mark.parametrize(
    "body",
    [
        b'{"path": "input", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"path": "input", "language": "' + b"x" * (1 << 20) + b'"}',
        b'{"path": "input", "task": "' + b"x" * (1 << 20) + b'"}',
        b'{"path": "' + b"x" * (1 << 20) + b'"}',
        b'{"path": "input", "' + b"\\u0000" * 100_000 + b'": 1}',
        b'{"path": "input", "num_speakers": ' + b"9" * 100_000 + b"}",
    ],
)
def test_json_of_any_size_is_refused_in_few_words(body: bytes, url: str) -> None:
    answer = httpx.post(f"{url}/transcribe", content=body, headers={"Content-Type": "application/json"})
    refusal(answer, 400, "invalid_request")
    assert len(answer.content) < 1500


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/{'x' * 30_000}", {}),
        (f"/v1/models/{'x' * 30_000}", {}),
        ("/v1/models/%ff%00%0d%0a", {}),
        (f"/nothing?{'x' * 30_000}", {}),
        (f"/v1/models?{'%ff' * 10_000}", {}),
        ("/transcribe", {"Content-Type": "x" * 30_000}),
        (OPENAI, {"Content-Type": f"multipart/form-data; charset={'x' * 30_000}; boundary=b"}),
        (OPENAI, {"Content-Type": f"multipart/form-data; boundary={'b' * 30_000}"}),
    ],
)
def test_paths_and_headers_are_quoted_in_short(path: str, headers: dict[str, str], url: str) -> None:
    method = "POST" if headers else "GET"
    answer = httpx.request(method, f"{url}{path}", headers=headers, content=b"x" if headers else None)
    assert answer.status_code < 500
    assert len(answer.content) < 1500


def test_a_header_in_latin_1_is_no_fault(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(
            b"POST /transcribe HTTP/1.1\r\nHost: x\r\nContent-Type: \xff\xfe\r\nContent-Length: 1\r\n\r\nx"
        )
        assert answered(connection) == 415


def test_nothing_was_worked_on(url: str, engine: ScriptedEngine) -> None:
    sent(url, {"model": "x" * 300})
    assert engine.asked == []
