"""`GET /metrics`, and keys."""

import hashlib
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from spotscribe_common.http.api_keys import read_api_keys
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.settings import Settings


def figures(url: str, **headers: str) -> dict[str, float]:
    answer = httpx.get(f"{url}/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_requests_audio_speed_stages_and_the_queue_are_counted(
    url: str, audio: str, engine: ScriptedEngine
) -> None:
    assert (
        httpx.post(f"{url}/transcribe", json={"path": audio, "diarize": True}, timeout=600).status_code == 200
    )
    assert httpx.post(f"{url}/transcribe", json={"path": "nothing"}).status_code == 404
    assert httpx.get(f"{url}/no/such/route/secret").status_code == 404
    engine.hear_failure = RuntimeError("unexpected")
    assert httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=600).status_code == 500
    found = figures(url)
    assert found["spotscribe_requests_total{route=/transcribe,status=200}"] == 1
    assert found["spotscribe_requests_total{route=/transcribe,status=404}"] == 1
    assert found["spotscribe_requests_total{route=/transcribe,status=500}"] == 1
    assert found["spotscribe_requests_total{route=other,status=404}"] == 1
    assert not any("secret" in name for name in found)
    assert found["spotscribe_audio_seconds_total{}"] == pytest.approx(35)
    assert found["spotscribe_real_time_factor_count{}"] == 1
    for stage in ("decode", "wait", "diarization"):
        assert found[f"spotscribe_stage_seconds_count{{stage={stage}}}"] >= 1
    assert found["spotscribe_queue_inside{}"] == 0
    assert found["spotscribe_queue_limit{}"] == 3
    assert found["spotscribe_ready{}"] == 1
    assert found["spotscribe_gpu_memory_total_bytes{}"] == 0


def test_what_is_missing_is_counted(url: str, audio: str, diarizer: ScriptedDiarizer) -> None:
    diarizer.failure = RuntimeError("broken")
    httpx.post(f"{url}/transcribe", json={"path": audio, "diarize": True}, timeout=600)
    assert figures(url)["spotscribe_degraded_total{stage=diarization}"] == 1


def test_with_keys_only_those_who_have_one_are_let_in(
    settings: Settings, engine: ScriptedEngine, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"# of the clinic\n{hashlib.sha256(b'sk-right').hexdigest()}\n\n")
    own = settings.model_copy(update={"api_keys_file": keys})
    with served(create_app(own, engine, ScriptedDiarizer())) as url:
        wait_until(lambda: answers_ok(url), "health is open to all")
        for header in ({}, {"Authorization": "Bearer sk-wrong"}, {"Authorization": "Basic sk-right"}):
            answer = httpx.get(f"{url}/v1/models", headers=header)
            assert answer.status_code == 401
            check("ErrorBody", answer.json())
            assert answer.json()["error"]["code"] == "unauthorized"
            assert answer.headers["www-authenticate"] == "Bearer"
        assert httpx.post(f"{url}/transcribe", json={"path": "x"}).status_code == 401
        assert httpx.get(f"{url}/metrics").status_code == 401
        right = {"Authorization": "Bearer sk-right"}
        assert httpx.get(f"{url}/v1/models", headers=right).status_code == 200
        assert figures(url, **right)["spotscribe_requests_total{route=/v1/models,status=200}"] == 1


def test_a_key_may_be_of_any_script(settings: Settings, engine: ScriptedEngine, tmp_path: Path) -> None:
    key = "Schlüssel-鍵".encode()
    (tmp_path / "keys").write_text(hashlib.sha256(key).hexdigest())
    own = settings.model_copy(update={"api_keys_file": tmp_path / "keys"})
    with served(create_app(own, engine, ScriptedDiarizer())) as url:
        wait_until(lambda: answers_ok(url), "health is open to all")
        right = {b"Authorization": b"Bearer " + key}
        assert httpx.get(f"{url}/v1/models", headers=right).status_code == 200


@pytest.mark.parametrize("content", ["sk-a-key-itself", "abc"])
def test_a_key_that_is_not_hashed_is_refused_without_being_told(content: str, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(content)
    with pytest.raises(ValueError, match="no SHA-256") as caught:
        read_api_keys(tmp_path / "keys")
    assert content not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read"):
        read_api_keys(tmp_path / "none")
