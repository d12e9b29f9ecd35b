"""What every answer has: an id, the shape of an error, and what a page's browser asks for."""

import logging
from collections.abc import Iterator

import httpx
import pytest

from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.settings import Settings

PAGE = "app://obsidian.md"
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization",
}


def test_every_answer_has_an_id_of_its_own_which_the_log_has_too(
    url: str, audio: str, engine: ScriptedEngine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    answers = [
        httpx.get(f"{url}/health"),
        httpx.get(f"{url}/nothing"),
        httpx.get(f"{url}/transcribe"),
        httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=60),
        httpx.post(
            f"{url}/transcribe", json={"path": audio}, headers={"Accept": "application/x-ndjson"}, timeout=60
        ),
    ]
    engine.hear_failure = RuntimeError("a fault")
    answers.append(httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=60))
    assert [answer.status_code for answer in answers] == [200, 404, 405, 200, 200, 500]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert all(found.startswith("req_") for found in ids)
    assert f"{ids[3]} POST /transcribe 200" in caplog.text
    assert f"unexpected failure of {ids[5]}" in caplog.text


def test_a_fault_outside_of_the_models_has_an_id_and_the_usual_shape(
    url: str, audio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(ScriptedEngine, "languages", fail)
    answer = httpx.post(f"{url}/transcribe", json={"path": audio}, timeout=60)
    refusal(answer, 500, "internal")
    assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/v1/models", 405)])
def test_unknown_routes_and_methods(method: str, path: str, status: int, url: str) -> None:
    answer = httpx.request(method, f"{url}{path}")
    error = refusal(answer, status, "not_found" if status == 404 else "invalid_request")
    assert path in error["message"]
    assert (answer.headers.get("allow") == "GET") == (status == 405)


@pytest.mark.parametrize("name", ["scripted", "whisper-1", "gpt-transcribe", "openai/whisper-scripted"])
def test_a_model_is_found_by_each_of_its_names(name: str, url: str) -> None:
    answer = httpx.get(f"{url}/v1/models/{name}")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["id"], answer.json()["object"]) == (name, "model")


def test_another_model_is_not_found(url: str) -> None:
    refusal(httpx.get(f"{url}/v1/models/large-v9"), 404, "model_not_found")


@pytest.fixture
def open_url(settings: Settings) -> Iterator[str]:
    keys = settings.tmpdir / "keys"
    keys.write_text(f"{'0' * 64}\n")
    changes = {"allowed_origins": f"https://a.example, {PAGE}", "api_keys_file": keys}
    app = create_app(settings.model_copy(update=changes), ScriptedEngine(), ScriptedDiarizer())
    with served(app) as found:
        wait_until(lambda: answers_ok(found), "the engine has loaded")
        yield found


def test_no_page_may_call_unless_its_origin_is_allowed(url: str, open_url: str) -> None:
    route = "/v1/audio/transcriptions"
    assert "access-control-allow-origin" not in httpx.options(f"{url}{route}", headers=PREFLIGHT).headers
    allowed = httpx.options(f"{open_url}{route}", headers=PREFLIGHT)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == PAGE
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    other = httpx.options(f"{open_url}{route}", headers={**PREFLIGHT, "Origin": "https://b.example"})
    assert "access-control-allow-origin" not in other.headers
    # A page must be able to read why it was refused.
    refused = httpx.get(f"{open_url}/v1/models", headers={"Origin": PAGE})
    refusal(refused, 401, "unauthorized")
    assert refused.headers["access-control-allow-origin"] == PAGE
    assert "x-request-id" in refused.headers["access-control-expose-headers"]
