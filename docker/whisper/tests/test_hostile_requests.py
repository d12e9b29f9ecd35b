"""Requests that want to break something: memory, the event loop, the shape of an answer."""

import gc
from typing import Any

import httpx
import pytest

from spotscribe_common.contract import TranscribeRequest


def refused(url: str, body: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{url}/transcribe", content=body, headers={"Content-Type": "application/json"}, timeout=30
    )
    assert answer.status_code == 400, answer.text
    found: dict[str, Any] = answer.json()["error"]
    return found


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_times_that_are_no_numbers_are_refused(number: str, url: str) -> None:
    """They came back as `null`, which the contract does not allow."""
    earlier = f'[{{"id": 0, "start": 0, "end": {number}, "text": "", "words": []}}]'
    assert refused(url, f'{{"path": "input", "earlier": {earlier}}}')["param"] == "earlier.0.end"


def test_a_body_with_many_faults_is_refused_without_listing_them(url: str) -> None:
    fields = ",".join(f'"{number}": 0' for number in range(1000))
    error = refused(url, f'{{"path": "input", {fields}}}')
    assert error["param"] is None
    assert len(error["message"]) < 100


def test_no_cycles_are_looked_for_while_a_body_is_read(
    url: str, audio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint of hours would hold up every other thread while the collector goes through it."""
    read = TranscribeRequest.model_validate_json
    collecting: list[bool] = []

    def watched(body: bytes) -> TranscribeRequest:
        collecting.append(gc.isenabled())
        return read(body)

    monkeypatch.setattr(TranscribeRequest, "model_validate_json", watched)
    answer = httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=30)
    assert answer.status_code == 200, answer.text
    refused(url, "[")
    assert collecting == [False, False]
    assert gc.isenabled()


def test_work_may_begin_where_the_audio_ends(url: str, audio: str) -> None:
    """A millisecond behind it is let in for the sake of rounding; a counter refused the negative rest."""
    request = {"path": audio, "start_at": 35.001}
    answer = httpx.post(f"{url}/transcribe", json=request, timeout=30)
    assert answer.status_code == 200, answer.text
    assert answer.json()["segments"] == []
