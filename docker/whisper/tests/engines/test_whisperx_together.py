"""Recordings that are heard at the same time share batches, and get what each would get by itself.

With the trained weights of Whisper tiny.en and human speech. Run with `-m production` where
requirements.production.txt and requirements.weights.txt are installed.
"""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy.recordings import COMMITTED
from spotscribe_common.work.model_thread import ModelThread
from spotscribe_testing.media import ffmpeg
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines.recognition.decoding import ChunkDecoder
from spotscribe_whisper.engines.whisperx import WhisperxEngine
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer

pytestmark = pytest.mark.production
CLIPS = [f"LJ001-000{number}.flac" for number in range(1, 7)]
LONG = "long.flac"


class Machine:
    """A service whose work can be held until all requests wait for it."""

    def __init__(self, url: str, engine: WhisperxEngine, batches: list[int]) -> None:
        self.url = url
        self.batches = batches
        self._models: ModelThread = engine._in_turn.__self__  # type: ignore[attr-defined]
        self._pool = ThreadPoolExecutor(32)

    def transcribe(self, name: str) -> dict[str, Any]:
        body = {"path": name, "language": "en"}
        answer = httpx.post(f"{self.url}/transcribe", json=body, timeout=600)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def together(self, *names: str) -> list[dict[str, Any]]:
        holds, may_begin = threading.Event(), threading.Event()

        def hold() -> None:
            holds.set()
            may_begin.wait(120)

        self._pool.submit(self._models.do, hold, lambda: False)
        holds.wait(30)
        answers = [self._pool.submit(self.transcribe, name) for name in names]
        try:
            wait_until(lambda: self._models._work.qsize() == len(names), "all wait for their turn", 120)
        finally:
            may_begin.set()
        return [answer.result() for answer in answers]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    from spotscribe_testing.models.tiny_aligner import tiny_aligner

    folder = tmp_path_factory.mktemp("together")
    for name in ("shared", "scratch"):
        (folder / name).mkdir()
    for name in CLIPS:
        shutil.copy(COMMITTED / name, folder / "shared")
    ffmpeg("-stream_loop", "26", "-i", COMMITTED / CLIPS[0], "-c:a", "flac", folder / "shared" / LONG)
    link_packaged("tiny.en", folder / "models" / "tiny.en")
    tiny_aligner(folder / "models" / "align-en")
    engine = WhisperxEngine(
        models=folder / "models", model="tiny.en", compute_type="auto", scratch=folder / "scratch"
    )
    settings = Settings(
        shared_audio=folder / "shared", tmpdir=folder / "scratch", model_dir=folder / "models"
    )
    batches: list[int] = []
    decode = ChunkDecoder.decode
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ChunkDecoder,
            "decode",
            lambda self, chunks, style: batches.append(len(chunks)) or decode(self, chunks, style),
        )
        with served(create_app(settings, engine, NoDiarizer("none is wanted"))) as url:
            wait_until(lambda: answers_ok(url), "the engine has loaded", 300)
            yield Machine(url, engine, batches)


@pytest.fixture(scope="module")
def alone(machine: Machine) -> dict[str, dict[str, Any]]:
    return {name: machine.transcribe(name) for name in CLIPS}


def test_transcripts_are_those_of_single_requests_to_the_last_digit(
    machine: Machine, alone: dict[str, dict[str, Any]]
) -> None:
    machine.batches.clear()
    found = machine.together(*CLIPS)
    assert found == [alone[name] for name in CLIPS]
    assert all(transcript["text"] for transcript in found)
    assert max(machine.batches) > len(CLIPS) / 2, "they did not share a batch"


def test_a_short_recording_is_not_behind_a_long_one(
    machine: Machine, alone: dict[str, dict[str, Any]]
) -> None:
    ended: list[str] = []
    machine.batches.clear()

    def transcribed(name: str) -> dict[str, Any]:
        found = machine.transcribe(name)
        ended.append(name)
        return found

    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(transcribed, LONG)
        wait_until(lambda: bool(machine.batches), "the long one is at work", 120)
        assert pool.submit(transcribed, CLIPS[1]).result() == alone[CLIPS[1]]
        assert len(long.result()["text"]) > 1000
    assert ended == [CLIPS[1], LONG]
