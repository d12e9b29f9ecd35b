"""Recordings that fit into one batch are transcribed at the same time, if the engine can do that."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from spotscribe_common.work.model_thread import InTurn
from spotscribe_testing.media import wav
from spotscribe_testing.models.banded_voices import as_samples, voice
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


def test_each_channel_counts_in_a_batch(url: str, settings: Settings, engine: SharingEngine) -> None:
    """Two recordings of 31 s fit, but not with two channels each."""
    channels = voice("ann", (3.0, 4.0), 31.0), voice("ben", (1.0, 12.0), 31.0)
    call = wav(settings.shared_audio / "call", as_samples(*channels)).name

    def most_at_once(**fields: str) -> int:
        engine.go.clear()
        engine.most_at_work = 0
        body = {"path": call, "language": "de", **fields}
        with ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(httpx.post, f"{url}/transcribe", json=body, timeout=600) for _ in range(2)]
            wait_until(lambda: httpx.get(f"{url}/health").json()["queue"]["inside"] == 2, "both are let in")
            wait_until(lambda: engine.at_work > 0, "one is at work")
            time.sleep(1)
            engine.go.set()
            assert all(answer.result().status_code == 200 for answer in answers)
        return engine.most_at_work

    assert most_at_once() == 2
    assert most_at_once(channels="separate") == 1
