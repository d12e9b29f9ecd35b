"""Requests that want to break something: memory, the event loop, the shape of an answer."""

import gc
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from spotscribe_common.contract import TranscribeRequest
from spotscribe_common.receiving import stream


def refused(url: str, body: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{url}/transcribe", content=body, headers={"Content-Type": "application/json"}, timeout=600
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


def test_a_fields_name_of_any_length_is_told_in_short(url: str) -> None:
    """A name of megabytes came back twice, in the message and in `param`."""
    error = refused(url, f'{{"path": "input", "{"x" * 100_000}": 0}}')
    assert error["param"].startswith("xxx")
    assert len(error["message"]) < 1000
    assert len(error["param"]) < 1000


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
    answer = httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=600)
    assert answer.status_code == 200, answer.text
    refused(url, "[")
    assert collecting == [False, False]
    assert gc.isenabled()


def test_work_may_begin_where_the_audio_ends(url: str, audio: str) -> None:
    """A millisecond behind it is let in for the sake of rounding; a counter refused the negative rest."""
    request = {"path": audio, "start_at": 35.001}
    answer = httpx.post(f"{url}/transcribe", json=request, timeout=600)
    assert answer.status_code == 200, answer.text
    assert answer.json()["segments"] == []


@pytest.mark.parametrize("charset", ["punycode", "undefined", "utf-7", "utf-16"])
def test_fields_in_an_odd_charset_are_not_read(charset: str, url: str) -> None:
    """A megabyte of Punycode took 14 seconds, in which nobody else was answered."""
    body = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n-abc\r\n--b--\r\n'
    answer = httpx.post(
        f"{url}/v1/audio/transcriptions",
        content=body,
        headers={"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"},
        timeout=600,
    )
    assert answer.status_code == 415, answer.text
    assert charset in answer.json()["error"]["message"]


def test_a_caller_who_sends_next_to_nothing_is_given_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then, each before the stall would be noticed, held a place for as long as it liked."""
    monkeypatch.setattr(stream, "STALL_SECONDS", 0.5)
    sent: list[int] = []

    def drip() -> Iterator[bytes]:
        for number in range(60):
            sent.append(number)
            yield b" "
            time.sleep(0.1)

    answer = httpx.post(
        f"{url}/transcribe", content=drip(), headers={"Content-Type": "application/json"}, timeout=600
    )
    assert answer.status_code == 408, answer.text
    assert "bytes per second" in answer.json()["error"]["message"]
    assert httpx.get(f"{url}/health").json()["queue"]["inside"] == 0
