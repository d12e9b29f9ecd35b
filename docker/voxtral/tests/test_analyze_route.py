"""`POST /analyze`: answers, refusals, the stream, and callers that go away."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_common.errors import OutOfMemoryError
from spotscribe_testing.media import cut_off, tone, tracks
from spotscribe_testing.models.scripted_voxtral import KNOWN, Endless, ScriptedVoxtral, texts
from spotscribe_testing.service.answers import events, refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import open_files, wait_until
from spotscribe_voxtral.settings import Settings

STREAM = {"Accept": "application/x-ndjson"}


def analyze(url: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/analyze", json=body, headers=headers, timeout=600)


def queue(url: str) -> dict[str, int]:
    found: dict[str, int] = httpx.get(f"{url}/health", timeout=600).json()["queue"]
    return found


def test_a_shared_file_gives_an_analysis_of_every_task(url: str, audio: str) -> None:
    answer = analyze(url, {"path": audio})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    check("Analysis", found)
    assert found["engine"] == {"name": "voxtral", "model": "scripted"}
    assert found["duration"] == pytest.approx(35)
    assert found["summary"] == KNOWN["summary"]["summary"]
    assert {"topics", "action_items", "questions", "sentiment", "entities"} <= set(found)
    assert found["degraded"] == []


def test_an_analysis_tells_its_track_and_an_early_end(url: str, settings: Settings) -> None:
    several = tracks(settings.shared_audio / "several.mkv", 2)
    found = analyze(url, {"path": several.name, "track": 2}).json()
    check("Analysis", found)
    assert (found["track"], found["degraded"]) == ({"number": 2, "count": 2}, [])
    with several.open("rb") as file:
        answer = httpx.post(f"{url}/analyze", files={"file": file}, data={"track": "3"}, timeout=600)
    assert refusal(answer, 400, "invalid_request")["param"] == "track"
    cut = cut_off(tone(settings.shared_audio / "a.wav", 30), 0.5)
    assert [loss["stage"] for loss in analyze(url, {"path": cut.name}).json()["degraded"]] == ["audio"]


def test_the_engines_own_name_is_told(url: str, audio: str, model: ScriptedVoxtral) -> None:
    model.name = "extractive"
    lines = events(analyze(url, {"path": audio, "tasks": ["summary"]}, **STREAM), "AnalyzeEvent")
    assert lines[0]["engine"] == lines[-1]["analysis"]["engine"]["name"] == "extractive"


@pytest.mark.parametrize(
    ("only", "language", "told"),
    [("en", None, True), ("en", "auto", True), ("en", "English", False), (None, None, False)],
)
def test_a_model_of_one_language_says_that_it_was_not_told_which_is_spoken(
    only: str | None, language: str | None, told: bool, url: str, audio: str, model: ScriptedVoxtral
) -> None:
    model.only_language = only
    asked = {"path": audio, "tasks": ["summary"], **({} if language is None else {"language": language})}
    losses = [(loss["stage"], loss["reason"]) for loss in analyze(url, asked).json()["degraded"]]
    assert len(losses) == told
    for stage, reason in losses:
        assert stage == "analysis"
        assert "The language was not detected: the model scripted knows English only" in reason


def test_the_analysis_is_written_in_the_language_that_is_named(
    url: str, audio: str, settings: Settings, model: ScriptedVoxtral
) -> None:
    analyze(url, {"path": audio, "tasks": ["summary"], "language": "deu"})
    assert "All else you write in German." in texts(model.batches[-1][0])
    with (settings.shared_audio / audio).open("rb") as file:
        fields = {"tasks": "summary", "language": "ja"}
        httpx.post(f"{url}/analyze", files={"file": ("a", file)}, data=fields, timeout=600)
    assert "All else you write in Japanese." in texts(model.batches[-1][0])
    analyze(url, {"path": audio, "tasks": ["summary"]})
    assert "All else you write in the language that is spoken." in texts(model.batches[-1][0])


@pytest.mark.parametrize(("only", "language"), [("en", "de"), (None, "klingon")])
def test_a_language_that_the_model_does_not_know_is_refused(
    only: str | None, language: str, url: str, audio: str, model: ScriptedVoxtral
) -> None:
    model.only_language = only
    error = refusal(analyze(url, {"path": audio, "language": language}), 400, "invalid_request")
    assert error["param"] == "language"


def test_the_stream_tells_windows_and_the_result(url: str, audio: str) -> None:
    lines = events(analyze(url, {"path": audio, "tasks": ["summary"]}, **STREAM), "AnalyzeEvent")
    kinds = [line["type"] for line in lines]
    assert (kinds[0], kinds[-1]) == ("started", "result")
    progress = [line["progress"] for line in lines if line["type"] == "window"]
    assert progress == sorted(progress)
    assert progress[-1] == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"tasks": "summary, topics"},
        {"tasks": ["summary", "topics"]},
        {"tasks[]": ["summary", "topics"]},
        {"tasks": ["summary,", "topics"]},
    ],
)
def test_an_uploads_tasks_come_in_one_field_or_in_many(
    fields: dict[str, Any], url: str, audio: str, settings: Settings
) -> None:
    with (settings.shared_audio / audio).open("rb") as file:
        answer = httpx.post(f"{url}/analyze", files={"file": ("a", file)}, data=fields, timeout=600)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"version", "engine", "duration", "summary", "topics", "degraded"}
    assert list(settings.tmpdir.iterdir()) == []


def test_an_uploads_own_questions_are_answered(
    url: str, audio: str, settings: Settings, model: ScriptedVoxtral
) -> None:
    asked = ["What is said?", "Who, where?"]
    with (settings.shared_audio / audio).open("rb") as file:
        answer = httpx.post(
            f"{url}/analyze", files={"file": ("a", file)}, data={"questions": asked}, timeout=600
        )
    assert answer.status_code == 200, answer.text
    assert [found["question"] for found in answer.json()["answers"]] == asked
    assert "summary" not in answer.json()
    assert json.dumps(asked[1]) in texts(model.batches[0][0])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"path": "../scratch"}, 403, "source_forbidden"),
        ({"path": "nothing"}, 404, "source_not_found"),
        ({"path": "input", "tasks": ["poem"]}, 400, "invalid_request"),
        ({"path": "input", "tasks": []}, 400, "invalid_request"),
        ({"path": "input", "questions": ["x" * 501]}, 400, "invalid_request"),
        ({"path": "input", "url": "http://localhost/"}, 400, "invalid_request"),
        ({"path": "input", "max_seconds": 10}, 413, "audio_too_long"),
        ({"path": "input", "questions": ["x" * (25 << 20)]}, 413, "upload_too_large"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_with_its_code(
    body: dict[str, Any], status: int, code: str, url: str, audio: str
) -> None:
    refusal(analyze(url, body, **STREAM), status, code)


def test_a_form_with_another_task_or_field_is_refused(url: str) -> None:
    for fields in ({"tasks": "summary,poem"}, {"path": "input"}):
        answer = httpx.post(f"{url}/analyze", files={"file": ("a", b"x")}, data=fields, timeout=600)
        refusal(answer, 400, "invalid_request")
    refusal(httpx.post(f"{url}/analyze", content=b"x"), 415, "unsupported_media_type")
    playlist = ("a.mp3", b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n")
    answer = httpx.post(f"{url}/analyze", files={"file": playlist}, timeout=600)
    refusal(answer, 415, "unsupported_media_type")


def test_answers_that_are_no_json_or_endless_are_told_as_losses(
    url: str, audio: str, model: ScriptedVoxtral
) -> None:
    good = model.script
    model.script = lambda conversation: (
        "no JSON at all" if "Summarize" in texts(conversation) else good(conversation)
    )
    found = analyze(url, {"path": audio, "tasks": ["summary", "topics"]}).json()
    assert "summary" not in found
    assert found["topics"]
    assert [loss["stage"] for loss in found["degraded"]] == ["analysis"]
    model.script = lambda _conversation: Endless()
    refusal(analyze(url, {"path": audio, "tasks": ["summary"]}), 500, "internal")
    assert httpx.get(f"{url}/health").status_code == 200


@pytest.mark.parametrize(
    ("failure", "status"),
    [(OutOfMemoryError("The cuda ran out of memory."), 503), (RuntimeError("a secret"), 500)],
)
def test_after_a_failure_of_the_engine_the_next_request_is_served(
    failure: Exception, status: int, url: str, audio: str, model: ScriptedVoxtral
) -> None:
    good = model.script
    model.script = lambda _conversation: failure
    error = refusal(analyze(url, {"path": audio, "tasks": ["summary"]}), status, "internal")
    assert "secret" not in error["message"]
    model.script = good
    assert analyze(url, {"path": audio, "tasks": ["summary"]}).status_code == 200


def test_more_than_may_wait_are_told_when_to_come_back(url: str, audio: str, model: ScriptedVoxtral) -> None:
    model.go.clear()
    body = {"path": audio, "tasks": ["summary"]}
    with ThreadPoolExecutor(4) as pool:
        inside = [pool.submit(analyze, url, body) for _ in range(3)]
        wait_until(lambda: queue(url)["inside"] == 3, "three requests are inside")
        answer = analyze(url, body)
        refusal(answer, 429, "busy")
        assert int(answer.headers["retry-after"]) > 0
        model.go.set()
        assert [future.result().status_code for future in inside] == [200, 200, 200]


@pytest.mark.parametrize("accept", ["application/x-ndjson", "application/json"])
def test_the_work_of_a_caller_who_goes_away_is_cancelled(
    accept: str, url: str, audio: str, model: ScriptedVoxtral, tmp_path: Path
) -> None:
    model.go.clear()
    body = json.dumps({"path": audio, "tasks": ["summary"]}).encode()
    head = (
        f"POST /analyze HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as caller:
        caller.sendall(head.encode() + body)
        wait_until(lambda: model.at_work == 1, "the model works")
    wait_until(lambda: queue(url)["inside"] == 0, "the work has been cancelled")
    assert model.cancelled == 1
    wait_until(lambda: open_files(tmp_path) == [], "decoded audio is closed")
    model.go.set()
    assert analyze(url, {"path": audio, "tasks": ["summary"]}).status_code == 200
