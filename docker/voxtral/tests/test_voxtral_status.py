"""`/health`, `/metrics`, keys and settings of the Voxtral service."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from spotscribe_common.errors import ModelMissingError
from spotscribe_testing.models.scripted_voxtral import ScriptedVoxtral, known, texts
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_voxtral.app import create_app
from spotscribe_voxtral.engines import make_engine
from spotscribe_voxtral.engines.engine import Message
from spotscribe_voxtral.settings import Settings

ROUTES: list[tuple[str, dict[str, Any]]] = [
    ("/transcribe", {"path": "input"}),
    ("/analyze", {"path": "input"}),
    ("/v1/chat/completions", {"model": "scripted", "messages": [{"role": "user", "content": "Hello"}]}),
]


def well(conversation: Sequence[Message]) -> str:
    """The script of a model that also knows how to greet."""
    return "Good morning." if texts(conversation) == "Hello" else known(conversation)


def test_health_says_what_runs(url: str) -> None:
    answer = httpx.get(f"{url}/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "service": "voxtral",
        "status": "ok",
        "engine": "voxtral",
        "model": "scripted",
        "device": "cpu",
        "gpu": None,
        "queue": {"inside": 0, "limit": 3, "jobs_at_once": 1, "receiving": 0, "idle_seconds": ANY},
    }


@pytest.mark.parametrize(("route", "body"), ROUTES)
def test_while_the_model_loads_health_is_503_and_work_is_refused(
    route: str, body: dict[str, Any], settings: Settings, model: ScriptedVoxtral, audio: str
) -> None:
    model.may_load.clear()
    model.script = well
    with served(create_app(settings, model)) as url:
        answer = httpx.get(f"{url}/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "loading")
        refused = httpx.post(f"{url}{route}", json=body)
        refusal(refused, 503, "model_missing")
        assert int(refused.headers["retry-after"]) > 0
        model.may_load.set()
        wait_until(lambda: answers_ok(url), "the model has loaded")
        assert httpx.post(f"{url}{route}", json=body, timeout=600).status_code == 200


def test_a_model_that_cannot_be_loaded_is_named(settings: Settings, model: ScriptedVoxtral) -> None:
    model.load_failure = ModelMissingError("The model file /models/x/tekken.json is missing.")
    with served(create_app(settings, model)) as url:
        wait_until(lambda: httpx.get(f"{url}/health").json()["status"] == "failed", "loading has failed")
        assert httpx.get(f"{url}/health").status_code == 503
        assert "tekken.json" in httpx.get(f"{url}/health").json()["error"]
        refused = httpx.post(f"{url}/analyze", json={"path": "input"})
        assert "tekken.json" in refusal(refused, 503, "model_missing")["message"]


def test_the_production_engine_names_the_file_that_is_missing(tmp_path: Path) -> None:
    settings = Settings(model_dir=tmp_path, voxtral_model="none", tmpdir=tmp_path)
    engine = make_engine(settings)
    assert engine.name == "voxtral"
    with served(create_app(settings, engine)) as url:
        wait_until(lambda: httpx.get(f"{url}/health").json()["status"] == "failed", "loading has failed")
        assert "none/config.json" in httpx.get(f"{url}/health").json()["error"]


def test_the_engine_for_laptops_is_made_without_the_other_ones_packages(tmp_path: Path) -> None:
    engine = make_engine(Settings(voxtral_engine="extractive", tmpdir=tmp_path))
    assert engine.name == "extractive"


def test_with_keys_only_those_who_have_one_are_let_in(
    settings: Settings, model: ScriptedVoxtral, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text(hashlib.sha256(b"sk-right").hexdigest())
    own = settings.model_copy(update={"api_keys_file": tmp_path / "keys"})
    with served(create_app(own, model)) as url:
        wait_until(lambda: answers_ok(url), "health is open to all")
        for route, body in ROUTES:
            refusal(httpx.post(f"{url}{route}", json=body), 401, "unauthorized")
        assert httpx.get(f"{url}/metrics").status_code == 401
        right = {"Authorization": "Bearer sk-right"}
        assert httpx.get(f"{url}/v1/models", headers=right).status_code == 200


def test_unknown_routes_and_methods_answer_in_the_same_shape(url: str) -> None:
    refusal(httpx.get(f"{url}/v1/audio/transcriptions"), 404, "not_found")
    wrong = httpx.get(f"{url}/v1/chat/completions")
    refusal(wrong, 405, "invalid_request")
    assert wrong.headers["allow"] == "POST"


def test_audio_stages_losses_and_tokens_are_counted(url: str, audio: str, model: ScriptedVoxtral) -> None:
    model.script = well
    for route, body in ROUTES:
        answer = httpx.post(f"{url}{route}", json=body, timeout=600)
        assert answer.status_code == 200, answer.text
    found = {}
    for family in text_string_to_metric_families(httpx.get(f"{url}/metrics").text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    for route, _ in ROUTES:
        assert found[f"spotscribe_requests_total{{route={route},status=200}}"] == 1
    assert found["spotscribe_audio_seconds_total{}"] == pytest.approx(70)
    for stage in ("decode", "wait", "transcription", "analysis", "chat"):
        assert found[f"spotscribe_stage_seconds_count{{stage={stage}}}"] >= 1
    assert found["spotscribe_degraded_total{stage=alignment}"] == 1
    assert found["spotscribe_chat_tokens_total{kind=prompt}"] == 1
    assert found["spotscribe_chat_tokens_total{kind=answer}"] == 2
    assert found["spotscribe_ready{}"] == 1
