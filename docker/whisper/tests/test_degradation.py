"""What is delivered when a part of the work fails: the words, and what is missing."""

import json
import os
import signal
from typing import Any

import httpx
import pytest

from spotscribe_common.contract import Degradation
from spotscribe_common.errors import ModelMissingError, OutOfMemoryError
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.settings import Settings

STREAM = {"Accept": "application/x-ndjson"}


def transcribe(url: str, audio: str, **fields: Any) -> dict[str, Any]:
    answer = httpx.post(f"{url}/transcribe", json={"path": audio, **fields}, timeout=600)
    assert answer.status_code == 200, answer.text
    check("Transcript", answer.json())
    found: dict[str, Any] = answer.json()
    return found


def test_with_a_diarizer_nothing_is_missing(url: str, audio: str) -> None:
    transcript = transcribe(url, audio, diarize=True)
    assert transcript["degraded"] == []
    assert transcript["diarization"]["speakers"] == ["A", "B"]
    assert {segment["speaker"] for segment in transcript["segments"]} == {"A", "B"}


def test_speakers_are_told_only_when_asked_for(url: str, audio: str, diarizer: ScriptedDiarizer) -> None:
    transcript = transcribe(url, audio)
    assert "diarization" not in transcript
    assert diarizer.counts == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OutOfMemoryError("The GPU ran out of memory."), "ran out of memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 9.5 GiB"), "ran out of memory"),
        (ConnectionError("hub.invalid unreachable: what the patient said"), "ConnectionError"),
        (ModelMissingError("The file /models/diarization/config.yaml is missing."), "config.yaml is missing"),
    ],
)
@pytest.mark.parametrize("at", ["loading", "working"])
def test_a_failed_diarization_delivers_the_words_and_says_why(
    at: str, failure: Exception, said: str, url: str, audio: str, diarizer: ScriptedDiarizer
) -> None:
    whole = transcribe(url, audio)
    setattr(diarizer, "load_failure" if at == "loading" else "failure", failure)
    transcript = transcribe(url, audio, diarize=True)
    assert transcript["text"] == whole["text"]
    assert "diarization" not in transcript
    assert [loss["stage"] for loss in transcript["degraded"]] == ["diarization"]
    assert said in transcript["degraded"][0]["reason"]
    assert "patient" not in json.dumps(transcript)


def test_the_stream_tells_the_stages_and_the_progress_never_falls(url: str, audio: str) -> None:
    answer = httpx.post(
        f"{url}/transcribe", json={"path": audio, "diarize": True}, headers=STREAM, timeout=600
    )
    events = [json.loads(line) for line in answer.text.splitlines() if line]
    for event in events:
        check("TranscribeEvent", event)
    stages = [event["state"] for event in events if event["type"] == "stage"]
    assert stages[0] == "running"
    assert stages[-1] == "succeeded"
    progress = [event["progress"] for event in events if "progress" in event]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert events[-1]["type"] == "result"


def test_a_failed_stage_is_told(url: str, audio: str, diarizer: ScriptedDiarizer) -> None:
    diarizer.failure = RuntimeError("broken")
    answer = httpx.post(
        f"{url}/transcribe", json={"path": audio, "diarize": True}, headers=STREAM, timeout=600
    )
    events = [json.loads(line) for line in answer.text.splitlines() if line]
    assert [event["state"] for event in events if event["type"] == "stage"] == ["running", "failed"]


def test_a_service_without_a_diarizer_is_healthy_and_says_so(
    settings: Settings, engine: ScriptedEngine, diarizer: ScriptedDiarizer, audio: str
) -> None:
    diarizer.load_failure = ModelMissingError("There is no diarization model in /models/diarization.")
    with served(create_app(settings, engine, diarizer)) as url:
        wait_until(lambda: httpx.get(f"{url}/health").status_code == 200, "the engine has loaded")
        assert "no diarization model" in httpx.get(f"{url}/health").json()["diarization"]["error"]
        assert transcribe(url, audio, diarize=True)["degraded"][0]["stage"] == "diarization"


def test_every_format_says_what_is_missing(
    url: str, audio: str, settings: Settings, diarizer: ScriptedDiarizer
) -> None:
    diarizer.failure = RuntimeError("broken")
    content = (settings.shared_audio / audio).read_bytes()
    for kind in ("json", "text", "srt", "vtt", "verbose_json", "diarized_json"):
        answer = httpx.post(
            f"{url}/v1/audio/transcriptions",
            data={"response_format": kind, "diarize": "true"},
            files={"file": content},
            timeout=600,
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-spotscribe-degraded"] == "diarization"
        if kind.endswith("json"):
            assert answer.json()["degraded"][0]["stage"] == "diarization"


def test_out_of_memory_in_the_words_fails_the_request_and_the_service_stays(
    url: str, audio: str, engine: ScriptedEngine
) -> None:
    engine.hear_failure = OutOfMemoryError("The cuda ran out of memory, also with batches of 8.")
    answer = httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=600)
    assert answer.status_code == 503
    assert "ran out of memory" in answer.json()["error"]["message"]
    assert int(answer.headers["retry-after"]) > 0
    engine.hear_failure = None
    assert transcribe(url, audio)["degraded"] == []


@pytest.mark.parametrize(
    "failure", [RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), MemoryError()]
)
def test_out_of_memory_anywhere_in_the_words_is_told_as_such(
    failure: Exception, url: str, audio: str, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only where batches can be made smaller: telling the language needs memory too."""

    def run_out(*_: Any) -> str:
        raise failure

    monkeypatch.setattr(engine, "detect_language", run_out)
    answer = httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=600)
    assert answer.status_code == 503, answer.text
    assert "memory did not suffice" in answer.json()["error"]["message"]
    monkeypatch.undo()
    assert transcribe(url, audio)["degraded"] == []


def test_a_service_whose_gpu_is_lost_says_so_and_ends(
    url: str, audio: str, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every further call would fail: whoever runs the process starts another."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *call: sent.append(call))
    engine.hear_failure = RuntimeError("CUDA error: an illegal memory access was encountered")
    answer = httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=600)
    assert answer.status_code == 500
    assert sent == [(os.getpid(), signal.SIGTERM)]
    health = httpx.get(f"{url}/health")
    assert health.status_code == 503
    assert "GPU failed" in health.json()["error"]


def test_a_resumed_run_knows_what_was_heard_before(url: str, audio: str, engine: ScriptedEngine) -> None:
    """As the worker resumes: with the finished windows' segments and losses, interrupted anywhere."""
    engine.losses = [Degradation(stage="alignment", reason="The aligner was away.")]
    request = {"path": audio, "diarize": True}
    answer = httpx.post(f"{url}/transcribe", json=request, headers=STREAM, timeout=600)
    events = [json.loads(line) for line in answer.text.splitlines() if line]
    whole = events[-1]["transcript"]
    earlier: list[dict[str, Any]] = []
    resumed = 0
    for event in events:
        if event["type"] == "segment":
            earlier.append(event["segment"])
        if event["type"] == "window":
            left = {"start_at": event["end"], "earlier": earlier, "earlier_degraded": event["degraded"]}
            engine.losses = []
            again = transcribe(url, audio, diarize=True, **left)
            assert again == whole
            resumed += 1
    assert resumed >= 4
