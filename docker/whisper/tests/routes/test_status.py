"""`/health` and `/languages`, at every moment of the service's life."""

import time
from pathlib import Path
from unittest.mock import ANY

import httpx
import pytest

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.work.device import Device
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.live_server import answers, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines import make_engine
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers import make_diarizer


def test_health_says_what_runs(url: str) -> None:
    answer = httpx.get(f"{url}/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "service": "whisper",
        "status": "ok",
        "engine": "faster-whisper",
        "model": "scripted",
        "diarization": {"model": "scripted", "error": None},
        "device": "cpu",
        "gpu": None,
        "queue": {"inside": 0, "limit": 3, "jobs_at_once": 1, "receiving": 0, "idle_seconds": ANY},
    }


def test_health_says_for_how_long_nobody_has_been_inside(url: str, audio: str) -> None:
    def idle_seconds() -> float:
        found: float = httpx.get(f"{url}/health").json()["queue"]["idle_seconds"]
        return found

    wait_until(lambda: idle_seconds() > 0.5, "nobody has been inside for a while")
    before, looked = idle_seconds(), time.monotonic()
    # A look does not count: the time went on.
    assert idle_seconds() >= before
    assert httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=600).status_code == 200
    without_request = before + time.monotonic() - looked
    assert idle_seconds() < without_request


def test_languages_are_the_engines(url: str) -> None:
    answer = httpx.get(f"{url}/languages")
    assert answer.json() == {
        "engine": "faster-whisper",
        "model": "scripted",
        "languages": [
            {"code": code, "name": name}
            for code, name in (("de", "german"), ("en", "english"), ("fr", "french"), ("ja", "japanese"))
        ],
    }


def test_while_the_model_loads_health_is_503_and_work_is_refused(
    settings: Settings, engine: ScriptedEngine, audio: str
) -> None:
    engine.may_load.clear()
    with served(create_app(settings, engine, ScriptedDiarizer())) as url:
        answer = httpx.get(f"{url}/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "loading")
        refused = httpx.post(f"{url}/transcribe", json={"path": audio})
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "model_missing"
        assert int(refused.headers["retry-after"]) > 0
        engine.may_load.set()
        wait_until(lambda: httpx.get(f"{url}/health").status_code == 200, "the model has loaded")
        assert httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=600).status_code == 200


def test_a_device_that_fails_after_loading_is_told(
    settings: Settings, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service said for ever that it was loading."""

    def fail() -> Device:
        raise RuntimeError("the driver does not answer")

    monkeypatch.setattr(engine, "device", fail)
    with served(create_app(settings, engine, ScriptedDiarizer())) as url:
        wait_until(lambda: httpx.get(f"{url}/health").json()["status"] != "loading", "it has an end")
        assert httpx.get(f"{url}/health").json()["status"] == "failed"


def test_a_model_that_cannot_be_loaded_is_named(
    settings: Settings, engine: ScriptedEngine, audio: str
) -> None:
    engine.load_failure = ModelMissingError("The model file /models/x/model.bin is missing.")
    with served(create_app(settings, engine, ScriptedDiarizer())) as url:
        wait_until(lambda: httpx.get(f"{url}/health").json()["status"] == "failed", "loading has failed")
        answer = httpx.get(f"{url}/health")
        assert answer.status_code == 503
        assert "/models/x/model.bin" in answer.json()["error"]
        refused = httpx.post(f"{url}/transcribe", json={"path": audio})
        assert refused.status_code == 503
        assert "/models/x/model.bin" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "config.json is missing"),
        ({"config.json": "{}", "model.bin": ""}, "model.bin is empty"),
        ({"config.json": "{}"}, "model.bin is missing"),
        ({"config.json": "{oops", "model.bin": "x"}, "config.json is corrupt"),
        ({"config.json": "{}", "model.bin": "x"}, "tokenizer.json is missing"),
    ],
)
def test_the_production_engine_names_the_file_that_is_missing_or_corrupt(
    files: dict[str, str], said: str, tmp_path: Path
) -> None:
    model = tmp_path / "models" / "tiny"
    model.mkdir(parents=True)
    for name, content in files.items():
        (model / name).write_text(content)
    settings = Settings(
        whisper_engine="whisperx", whisper_model="tiny", model_dir=tmp_path / "models", tmpdir=tmp_path
    )
    with served(create_app(settings, make_engine(settings), make_diarizer(settings))) as url:
        wait_until(lambda: httpx.get(f"{url}/health").json()["status"] == "failed", "loading has failed")
        assert said in httpx.get(f"{url}/health").json()["error"]


def test_health_says_when_ffmpeg_is_missing(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    answer = httpx.get(f"{url}/health")
    assert answer.status_code == 503
    assert "ffmpeg and ffprobe not on PATH" in answer.json()["error"]


def test_health_answers_while_the_engine_works(url: str, audio: str, engine: ScriptedEngine) -> None:
    engine.go.clear()
    with httpx.stream(
        "POST", f"{url}/transcribe", json={"path": audio}, headers={"accept": "application/x-ndjson"}
    ):
        wait_until(lambda: engine.at_work == 1, "the engine works")
        assert answers(url)
        assert engine.at_work == 1
