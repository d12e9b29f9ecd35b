"""What clients send by mistake or in bad faith: refused with the field, the limit and the cure."""

import json
from typing import Any

import httpx
import pytest

LONG = "word " * 300


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({"input": ""}, "input[0]", "is empty"),
        ({"input": " \n\t"}, "input[0]", "is empty"),
        ({"input": []}, "input", "at least one text"),
        ({"input": None}, "input", "must be a text"),
        ({"input": 5}, "input", "must be a text"),
        ({"input": True}, "input", "must be a text"),
        ({"input": {"a": 1}}, "input", "must be a text"),
        ({"input": ["a", ""]}, "input[1]", "is empty"),
        ({"input": ["a", None]}, "input[1]", "is not a text"),
        ({"input": ["a", 1]}, "input[1]", "is not a text"),
        ({"input": [1, "a"]}, "input[0]", "neither a text nor"),
        ({"input": [[]]}, "input[0]", "neither a text nor"),
        ({"input": [[1.5]]}, "input[0]", "neither a text nor"),
        ({"input": [[True]]}, "input[0]", "neither a text nor"),
        ({"input": [-1]}, "input[0]", "0 to 30521"),
        ({"input": [30522]}, "input[0]", "0 to 30521"),
        ({"input": [10**30]}, "input[0]", "0 to 30521"),
        ({"input": ["a"] * 2049}, "input", "at most 2048"),
        ({"input": ["a", LONG]}, "input[1]", "at most 256"),
        ({"input": "x" * 1_000_001}, "input[0]", "at most 1000000"),
        ({"input": ["word " * 250] * 1300}, "input", "at most 300000"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format", "float"),
        ({"input": "a", "dimensions": 256}, "dimensions", "384"),
        ({"input": "a", "dimensions": 0}, "dimensions", "greater"),
        ({"input": "a", "dimensions": "384"}, "dimensions", "integer"),
        ({"input": "a", "dimensions": 10**20}, "dimensions", "less"),
        ({"input": "a", "instruction": "x" * 1001}, "instruction", "1000"),
        ({"input": "a", "truncate": "perhaps"}, "truncate", "bool"),
        ({"input": "a", "model": ""}, "model", "at least 1"),
        ({}, "input", "required"),
    ],
)
def test_a_bad_field_is_named(url: str, body: dict[str, Any], param: str, words: str) -> None:
    answer = httpx.post(f"{url}/v1/embeddings", json={"model": "all-MiniLM-L6-v2", **body})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_request", param)
    assert words in error["message"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_request"),
        (b"", "application/json", 400, "invalid_request"),
        (b"[" * 100_000, "application/json", 400, "invalid_request"),
        (b'{"model": "m", "input": "\xff\xfe"}', "application/json", 400, "invalid_request"),
        (b'{"model": "all-MiniLM-L6-v2", "input": "\\ud800"}', "application/json", 400, "invalid_request"),
        (b'{"model": "all-MiniLM-L6-v2", "input": NaN}', "application/json", 400, "invalid_request"),
        (b"input=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b" " * (17 << 20), "application/json", 413, "upload_too_large"),
    ],
)
def test_a_bad_body_is_refused(url: str, content: bytes, kind: str, status: int, code: str) -> None:
    answer = httpx.post(f"{url}/v1/embeddings", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_another_model_is_not_found(url: str) -> None:
    answer = httpx.post(f"{url}/v1/embeddings", json={"model": "bge-m3", "input": "a"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "model")
    assert httpx.get(f"{url}/v1/models/bge-m3").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "\x00\x01\x1b[31m",
        "\u202eright to left\u2066",
        "a\u0301" * 400,
        "\U0001f468\u200d\U0001f469" * 50,
        "\ufffe\uffff",
        "[CLS] [SEP] [MASK]",
        "ﷺ" * 200,
        "0" * 5000,
    ],
)
def test_strange_texts_have_vectors(url: str, text: str) -> None:
    body = {"model": "all-MiniLM-L6-v2", "input": text, "truncate": True}
    answer = httpx.post(
        f"{url}/v1/embeddings", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200
    assert len(answer.json()["data"][0]["embedding"]) == 384


def test_the_first_systems_route_refuses_the_same(url: str) -> None:
    for body in ({"text": ""}, {"text": 5}, {}, {"text": LONG}, {"text": "a", "more": 1}):
        answer = httpx.post(f"{url}/generate-embedding", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
