"""A model thread that does not get on: callers are told, and the next are served if it gets on after all."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from spotscribe_testing.media import tone
from spotscribe_testing.models.scripted_voxtral import ScriptedVoxtral
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_voxtral.app import create_app
from spotscribe_voxtral.settings import Settings


@pytest.fixture
def url(settings: Settings, model: ScriptedVoxtral) -> Iterator[str]:
    tone(settings.shared_audio / "audio.flac", 35)
    with served(create_app(settings.model_copy(update={"stuck_seconds": 1.0}), model)) as found:
        wait_until(lambda: answers_ok(found), "the model has loaded")
        yield found
        model.go.set()


@pytest.mark.parametrize("route", ["analyze", "transcribe"])
def test_a_stream_ends_with_an_error(url: str, model: ScriptedVoxtral, route: str) -> None:
    def lines() -> list[dict[str, Any]]:
        headers = {"Accept": "application/x-ndjson"}
        answer = httpx.post(f"{url}/{route}", json={"path": "audio.flac"}, headers=headers, timeout=60)
        return [json.loads(line) for line in answer.text.splitlines() if line]

    model.go.clear()
    ended = lines()[-1]
    assert (ended["type"], ended["error"]["code"]) == ("error", "internal")
    assert "made no progress" in ended["error"]["message"]
    model.go.set()
    wait_until(lambda: httpx.get(f"{url}/health").json()["status"] == "ok", "the work gets on")
    wait_until(lambda: httpx.get(f"{url}/health").json()["queue"]["inside"] == 0, "nobody is inside")
    assert lines()[-1]["type"] == "result"
