"""What every service's answers are held to."""

import json
from typing import Any

import httpx

from spotscribe_testing.service.contract_schema import check


def events(answer: httpx.Response, kind: str) -> list[dict[str, Any]]:
    """The lines of a stream, each of them of the contract's type."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines: list[dict[str, Any]] = [json.loads(line) for line in answer.text.splitlines() if line]
    for line in lines:
        check(kind, line)
    return lines


def refusal(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of an answer that refuses, with this status and code."""
    assert answer.status_code == status, answer.text
    check("ErrorBody", answer.json())
    error: dict[str, Any] = answer.json()["error"]
    assert error["code"] == code
    return error
