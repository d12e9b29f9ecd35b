"""What clients send by mistake or in bad faith: refused with the field, the limit and the cure."""

import json
from typing import Any

import httpx
import pytest


def post(url: str, **body: Any) -> httpx.Response:
    return httpx.post(f"{url}/v1/audio/speech", json={"model": "tts-1", "voice": "alloy", **body})


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({}, "input", "required"),
        ({"input": ""}, "input", "at least 1"),
        ({"input": " \n\t"}, "input", "letter or number"),
        ({"input": "\x00\x07\x1b"}, "input", "letter or number"),
        ({"input": "\U0001f600\U0001f600"}, "input", "letter or number"),
        ({"input": "\u202e\u200d"}, "input", "letter or number"),
        ({"input": 5}, "input", "string"),
        ({"input": ["a"]}, "input", "string"),
        ({"input": None}, "input", "string"),
        ({"input": "x" * 20_001}, "input", "at most 20,000"),
        ({"input": "a", "voice": "nobody"}, "voice", "en-us"),
        ({"input": "a", "voice": ""}, "voice", "There is no voice"),
        ({"input": "a", "voice": {"id": "nobody"}}, "voice", "There is no voice"),
        ({"input": "a", "voice": "x" * 10_000}, "voice", "(10000 characters)"),
        ({"input": "a", "voice": "-v de"}, "voice", "There is no voice"),
        ({"input": "a", "speed": 0.2}, "speed", "0.25"),
        ({"input": "a", "speed": 4.1}, "speed", "4"),
        ({"input": "a", "speed": "1"}, "speed", "number"),
        ({"input": "a", "speed": True}, "speed", "number"),
        ({"input": "a", "response_format": "midi"}, "response_format", "mp3"),
        ({"input": "a", "stream_format": "xml"}, "stream_format", "audio"),
        ({"input": "a", "language": "xx"}, "language", "en"),
        ({"input": "a", "language": "x" * 65}, "language", "64"),
        ({"input": "a", "voice": "de", "language": "en"}, "language", "speaks de"),
        ({"input": "a", "ssml": "yes"}, "ssml", "boolean"),
        ({"input": "<speak>a", "ssml": True}, "input", ""),
        ({"input": '<!DOCTYPE x [<!ENTITY a "b">]><speak>&a;</speak>', "ssml": True}, "input", ""),
        ({"input": "a", "model": ""}, "model", "at least 1"),
    ],
)
def test_a_bad_field_is_named(url: str, body: dict[str, Any], param: str, words: str) -> None:
    answer = post(url, **body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_request", param)
    assert words in error["message"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_request"),
        (b"", "application/json", 400, "invalid_request"),
        (b"[" * 100_000, "application/json", 400, "invalid_request"),
        (b'{"model": "tts-1", "input": "\xff"}', "application/json", 400, "invalid_request"),
        (b'{"model": "tts-1", "input": "\\ud800"}', "application/json", 400, "invalid_request"),
        (b'{"model": "tts-1", "input": "a", "speed": NaN}', "application/json", 400, "invalid_request"),
        (b'{"model": "tts-1", "input": "a", "speed": Infinity}', "application/json", 400, "invalid_request"),
        (b"input=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b" " * (2 << 20), "application/json", 413, "upload_too_large"),
    ],
)
def test_a_bad_body_is_refused(url: str, content: bytes, kind: str, status: int, code: str) -> None:
    answer = httpx.post(f"{url}/v1/audio/speech", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_the_longest_text_is_accepted_however_it_is_escaped(scripted: str) -> None:
    text = "\U0001f600" * 19_998 + "a."
    content = json.dumps({"model": "tones", "input": text, "response_format": "pcm"})
    answer = httpx.post(
        f"{scripted}/v1/audio/speech", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200
    assert answer.headers["x-spotscribe-characters"] == "20000"


def test_another_model_is_not_found(url: str) -> None:
    answer = post(url, input="a", model="tts-9")
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "model")
    assert httpx.get(f"{url}/v1/models/tts-9").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "one\x00two\x01\x1b[31m",
        "\u202eright to left\u2066",
        "\u05e9\u05dc\u05d5\u05dd",
        "a\u0301" * 400,
        "--version",
        "</speak><audio src='/etc/passwd'/>",
        "0" * 300,
        "!?" * 200 + "a",
    ],
)
def test_strange_texts_are_spoken(url: str, text: str) -> None:
    answer = post(url, input=text, response_format="pcm")
    assert answer.status_code == 200, answer.text
    assert len(answer.content) > 1000
