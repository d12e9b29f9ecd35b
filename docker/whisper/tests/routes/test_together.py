"""Recordings that fit into one batch are transcribed at the same time, if the engine can do that."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from spotscribe_common.work.model_thread import InTurn
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines.engine import Sharing
from spotscribe_whisper.settings import Settings


class SharingEngine(ScriptedEngine):
    """A batch has room for two recordings of 35 s."""

    def share(self, in_turn: InTurn) -> Sharing:
        return Sharing(recordings=4, seconds=80.0)


@pytest.fixture
def engine() -> SharingEngine:
    return SharingEngine()


@pytest.fixture
def url(settings: Settings, engine: SharingEngine) -> Iterator[str]:
    with served(create_app(settings, engine, ScriptedDiarizer())) as found:
        wait_until(lambda: answers_ok(found), "the engine has loaded")
        yield found
        engine.go.set()


def transcript(url: str, audio: str) -> httpx.Response:
    body = {"path": audio, "diarize": True, "language": "de"}
    return httpx.post(f"{url}/transcribe", json=body, timeout=600)


def test_as_many_recordings_as_fit_are_at_work(url: str, audio: str, engine: SharingEngine) -> None:
    queue = httpx.get(f"{url}/health").json()["queue"]
    assert (queue["jobs_at_once"], queue["limit"]) == (4, 6)
    alone = transcript(url, audio).json()
    engine.go.clear()
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(transcript, url, audio) for _ in range(3)]
        wait_until(lambda: httpx.get(f"{url}/health").json()["queue"]["inside"] == 3, "all are let in")
        wait_until(lambda: engine.at_work == 2, "two are at work")
        engine.go.set()
        assert [answer.result().json() for answer in answers] == [alone] * 3
    assert engine.most_at_work == 2
    assert alone["diarization"]["speakers"]
