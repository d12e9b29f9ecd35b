"""`POST /transcribe`: answers, refusals, the stream, the queue, and callers that go away."""

import json
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_common.http import event_stream
from spotscribe_testing.media import tone
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.answers import events, refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import open_files, wait_until
from spotscribe_whisper.settings import Settings

STREAM = {"Accept": "application/x-ndjson"}


def transcribe(url: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/transcribe", json=body, headers=headers, timeout=600)


def test_a_shared_file_gives_a_transcript(url: str, audio: str) -> None:
    answer = transcribe(url, {"path": audio, "language": "en"})
    assert answer.status_code == 200, answer.text
    check("Transcript", answer.json())
    assert answer.json()["language"] == "en"
    assert answer.json()["duration"] == pytest.approx(35)
    assert answer.json()["engine"] == {"name": "faster-whisper", "model": "scripted"}


def test_an_upload_gives_a_transcript_and_leaves_nothing_behind(
    url: str, settings: Settings, audio: str, tmp_path: Path
) -> None:
    with (settings.shared_audio / audio).open("rb") as file:
        answer = httpx.post(f"{url}/transcribe", files={"file": ("../x.mp3", file)}, timeout=600)
    assert answer.status_code == 200, answer.text
    assert answer.json()["language"] == "de", "not the detected language"
    assert list(settings.tmpdir.iterdir()) == []
    wait_until(lambda: open_files(tmp_path) == [], "decoded audio is closed")


def test_the_stream_tells_segments_windows_and_the_result(url: str, audio: str) -> None:
    lines = events(transcribe(url, {"path": audio}, **STREAM), "TranscribeEvent")
    kinds = [line["type"] for line in lines]
    windows = [line for line in lines if line["type"] == "window"]
    segments = [line["segment"] for line in lines if line["type"] == "segment"]
    assert kinds[0] == "started"
    assert kinds[-1] == "result"
    assert windows[-1] == {"type": "window", "end": 35.0, "progress": 1.0}
    assert [window["progress"] for window in windows] == sorted(window["progress"] for window in windows)
    assert lines[-1]["transcript"]["segments"] == segments
    assert [segment["id"] for segment in segments] == list(range(len(segments)))
    starts = [word["start"] for segment in segments for word in segment["words"]]
    assert starts == sorted(starts), "times are not those of the whole audio"
    assert starts[-1] > 30


def test_an_event_is_sent_when_it_happens(url: str, audio: str, engine: ScriptedEngine) -> None:
    engine.go.clear()
    with httpx.stream(
        "POST", f"{url}/transcribe", json={"path": audio}, headers=STREAM, timeout=600
    ) as answer:
        lines = filter(None, answer.iter_lines())
        assert json.loads(next(lines))["type"] == "started"
        engine.go.set()
        assert json.loads(list(lines)[-1])["type"] == "result"


def test_an_empty_line_says_again_and_again_that_the_work_goes_on(
    url: str, audio: str, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "EMPTY_LINE_SECONDS", 0.05)
    engine.go.clear()
    with httpx.stream(
        "POST", f"{url}/transcribe", json={"path": audio}, headers=STREAM, timeout=600
    ) as answer:
        lines = answer.iter_lines()
        # On a busy machine empty lines come before it, too.
        assert json.loads(next(line for line in lines if line))["type"] == "started"
        assert [next(lines) for _ in range(3)] == ["", "", ""]
        engine.go.set()
        assert json.loads([line for line in lines if line][-1])["type"] == "result"


def test_a_resumed_run_gives_what_the_whole_run_gave_after_that_point(url: str, audio: str) -> None:
    whole = events(transcribe(url, {"path": audio}, **STREAM), "TranscribeEvent")
    ends = [line["end"] for line in whole if line["type"] == "window"]
    assert len(ends) >= 3
    for end in ends:
        resumed = events(transcribe(url, {"path": audio, "start_at": end}, **STREAM), "TranscribeEvent")
        expected = [s for s in whole[-1]["transcript"]["segments"] if s["start"] >= end]
        found = resumed[-1]["transcript"]["segments"]
        assert [s["words"] for s in found] == [s["words"] for s in expected]


def test_the_engine_never_holds_more_than_a_window(url: str, audio: str, engine: ScriptedEngine) -> None:
    transcribe(url, {"path": audio})
    assert len(engine.windows) >= 4
    assert max(engine.windows) <= engine.longest_window


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"path": "../scratch"}, 403, "source_forbidden", "path"),
        ({"path": "/etc/passwd"}, 403, "source_forbidden", "path"),
        ({"path": "nothing"}, 404, "source_not_found", "path"),
        ({"path": "input", "language": "xx"}, 400, "invalid_request", "language"),
        ({"path": "input", "start_at": 36}, 400, "invalid_request", "start_at"),
        ({"path": "input", "start_at": -1}, 400, "invalid_request", "start_at"),
        ({"path": "input", "url": "http://localhost/"}, 400, "invalid_request", "url"),
        ({"path": "input", "max_seconds": 10}, 413, "audio_too_long", None),
        ({}, 400, "invalid_request", "path"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_with_its_code(
    body: dict[str, Any], status: int, code: str, param: str | None, url: str, audio: str
) -> None:
    error = refusal(transcribe(url, body, **STREAM), status, code)
    assert error["param"] == param


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "bad_audio"),
        (b"not audio at all, whatever the name says\n" * 50, 422, "bad_audio"),
        (b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n", 415, "unsupported_media_type"),
    ],
)
@pytest.mark.parametrize("way", ["upload", "shared"])
def test_bad_media_is_refused_and_the_next_request_is_served(
    content: bytes, status: int, code: str, way: str, url: str, settings: Settings, audio: str
) -> None:
    (settings.shared_audio / "bad.mp3").write_bytes(content)
    if way == "upload":
        answer = httpx.post(f"{url}/transcribe", files={"file": ("bad.mp3", content)}, timeout=600)
    else:
        answer = transcribe(url, {"path": "bad.mp3"}, **STREAM)
    refusal(answer, status, code)
    assert transcribe(url, {"path": audio}).status_code == 200


def test_audio_beyond_the_services_cap_is_too_long_whatever_the_caller_allows(
    url: str, settings: Settings
) -> None:
    tone(settings.shared_audio / "long.flac", 130)
    refusal(transcribe(url, {"path": "long.flac", "max_seconds": 1000}), 413, "audio_too_long")


def test_a_body_that_is_no_json_or_of_another_type_is_refused(url: str) -> None:
    for content in (b"{", b"[]", b'{"path": ' + b"[" * 20_000):
        answer = httpx.post(
            f"{url}/transcribe", content=content, headers={"content-type": "application/json"}, timeout=600
        )
        refusal(answer, 400, "invalid_request")
    answer = httpx.post(f"{url}/transcribe", content=b"x", headers={"content-type": "text/plain"})
    refusal(answer, 415, "unsupported_media_type")
    refusal(httpx.post(f"{url}/transcribe"), 415, "unsupported_media_type")


def test_a_multipart_body_without_a_file_or_a_boundary_is_refused(url: str) -> None:
    assert (
        refusal(httpx.post(f"{url}/transcribe", files={"other": b"x"}), 400, "invalid_request")["param"]
        == "file"
    )
    for header in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = httpx.post(f"{url}/transcribe", content=b"junk", headers={"content-type": header})
        refusal(answer, 400, "invalid_request")


def test_an_oversized_body_is_refused_declared_or_not(url: str, settings: Settings) -> None:
    large = b"x" * (settings.max_upload_bytes + (1 << 20))
    refusal(httpx.post(f"{url}/transcribe", files={"file": ("a.wav", large)}), 413, "upload_too_large")

    def chunks() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield from (large[at : at + 65536] for at in range(0, len(large), 65536))
        yield b"\r\n--b--\r\n"

    header = {"content-type": "multipart/form-data; boundary=b"}
    answer = httpx.post(f"{url}/transcribe", content=chunks(), headers=header, timeout=600)
    refusal(answer, 413, "upload_too_large")
    json_header = {"content-type": "application/json"}
    answer = httpx.post(f"{url}/transcribe", content=b" " * (33 << 20), headers=json_header, timeout=600)
    refusal(answer, 413, "upload_too_large")
    assert list(settings.tmpdir.iterdir()) == []


def test_more_than_may_wait_are_told_when_to_come_back(url: str, audio: str, engine: ScriptedEngine) -> None:
    engine.go.clear()
    with ThreadPoolExecutor(8) as pool:
        inside = [pool.submit(transcribe, url, {"path": audio}) for _ in range(3)]
        wait_until(lambda: queue(url)["inside"] == 3, "three requests are inside")
        for _ in range(3):
            answer = transcribe(url, {"path": audio})
            refusal(answer, 429, "busy")
            assert int(answer.headers["retry-after"]) > 0
        engine.go.set()
        assert [future.result().status_code for future in inside] == [200, 200, 200]
    assert engine.most_at_work == 1, "the engine is not thread-safe"
    assert queue(url)["inside"] == 0


def queue(url: str) -> dict[str, int]:
    found: dict[str, int] = httpx.get(f"{url}/health", timeout=600).json()["queue"]
    return found


@pytest.mark.parametrize("accept", ["application/x-ndjson", "application/json"])
def test_the_work_of_a_caller_who_goes_away_is_cancelled(
    accept: str, url: str, audio: str, engine: ScriptedEngine, tmp_path: Path
) -> None:
    engine.go.clear()
    body = json.dumps({"path": audio}).encode()
    head = (
        f"POST /transcribe HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    address = ("127.0.0.1", int(url.rsplit(":", 1)[1]))
    working, waiting = (socket.create_connection(address) for _ in range(2))
    working.sendall(head.encode() + body)
    wait_until(lambda: engine.at_work == 1, "the engine works")
    waiting.sendall(head.encode() + body)
    wait_until(lambda: queue(url)["inside"] == 2, "another waits")
    waiting.close()
    wait_until(lambda: queue(url)["inside"] == 1, "the waiting one has left at once")
    assert engine.cancelled == 0
    assert len(open_files(tmp_path)) == 1
    working.close()
    wait_until(lambda: queue(url)["inside"] == 0, "the working one has been cancelled")
    assert engine.cancelled == 1
    wait_until(lambda: open_files(tmp_path) == [], "decoded audio is closed")
    engine.go.set()
    assert transcribe(url, {"path": audio}).status_code == 200


def test_a_failure_of_the_engine_is_the_last_event_and_no_secret_is_told(
    url: str, audio: str, engine: ScriptedEngine
) -> None:
    engine.hear_failure = RuntimeError("the patient said something")
    lines = events(transcribe(url, {"path": audio}, **STREAM), "TranscribeEvent")
    assert lines[-1]["type"] == "error"
    assert lines[-1]["error"]["code"] == "internal"
    assert "patient" not in json.dumps(lines)
    refusal(transcribe(url, {"path": audio}), 500, "internal")
    engine.hear_failure = None
    assert transcribe(url, {"path": audio}).status_code == 200


def test_unknown_routes_and_methods_answer_in_the_same_shape(url: str) -> None:
    refusal(httpx.get(f"{url}/nothing"), 404, "not_found")
    refused = httpx.get(f"{url}/transcribe")
    refusal(refused, 405, "invalid_request")
    assert refused.headers["allow"] == "POST"


def test_a_scratch_disk_without_room_for_an_upload_is_worth_a_retry(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: Any) -> Any:
        # Linux's own disk that is always full.
        return Path("/dev/full").open("w+b", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    answer = httpx.post(f"{url}/transcribe", files={"file": ("a.wav", b"x" * 100)}, timeout=600)
    refusal(answer, 503, "internal")
    assert int(answer.headers["retry-after"]) > 0
