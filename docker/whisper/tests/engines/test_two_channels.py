"""A call of two readers, each on a channel of their own, with trained weights of Whisper tiny.en.

The engine whisperx is heard with `-m production`, where requirements.production.txt and
requirements.weights.txt are installed.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy.recordings import COMMITTED, Recording, recordings
from spotscribe_testing.media import wav
from spotscribe_testing.models.banded_voices import Audio, as_samples
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.places import plain_words
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.engines.faster_whisper import FasterWhisperEngine
from spotscribe_whisper.engines.whisperx import WhisperxEngine
from spotscribe_whisper.settings import Settings

# Starts in seconds. The second reader begins before the first one has ended.
PLACED = [(1.0, 0, "LJ001-0001"), (9.8, 1, "austen-0880"), (14.0, 0, "LJ001-0002"), (15.2, 1, "austen-0930")]
SECONDS = 20.0
# Both channels hear the other one: 14 dB quieter, after 4 ms.
BLEED, LAG = 0.2, SAMPLE_RATE * 4 // 1000
NAMES = ["LJ", "Austen"]


class Call(NamedTuple):
    """Two channels, and the words of each."""

    channels: tuple[Audio, Audio]
    words: tuple[list[str], list[str]]


def call() -> Call:
    found = {each.id: each for each in recordings(COMMITTED)}
    random = np.random.default_rng(56)
    clean = [np.zeros(round(SECONDS * SAMPLE_RATE)) for _ in NAMES]
    words: tuple[list[str], list[str]] = ([], [])
    for start, channel, name in PLACED:
        reading: Recording = found[name]
        first = round(start * SAMPLE_RATE)
        clean[channel][first : first + len(reading.samples)] += reading.samples
        words[channel].extend(plain_words(reading.text))
    heard = [BLEED * np.concatenate([np.zeros(LAG), one])[:-LAG] for one in clean]
    noise = [15 * random.normal(size=len(one)) for one in clean]
    return Call((clean[0] + heard[1] + noise[0], clean[1] + heard[0] + noise[1]), words)


def laptop(folder: Path) -> Engine:
    return FasterWhisperEngine()


def production(folder: Path) -> Engine:
    from spotscribe_testing.models.tiny_aligner import tiny_aligner

    link_packaged("tiny.en", folder / "models" / "tiny.en")
    tiny_aligner(folder / "models" / "align-en")
    return WhisperxEngine(
        models=folder / "models", model="tiny.en", compute_type="auto", scratch=folder / "scratch"
    )


@pytest.fixture(
    scope="module",
    params=[laptop, pytest.param(production, marks=pytest.mark.production)],
    ids=["faster-whisper", "whisperx"],
)
def transcribe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Transcribes channels with these options."""
    folder = tmp_path_factory.mktemp("channels")
    for name in ("shared", "scratch"):
        (folder / name).mkdir()
    settings = Settings(shared_audio=folder / "shared", tmpdir=folder / "scratch")

    def posted(*channels: Audio, **options: str) -> dict[str, Any]:
        wav(folder / "shared" / "call", as_samples(*channels))
        answer = httpx.post(f"{url}/transcribe", json={"path": "call", **options}, timeout=600)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    with served(create_app(settings, request.param(folder), ScriptedDiarizer())) as url:
        wait_until(lambda: answers_ok(url), "the engine has loaded", 120)
        yield posted


def said(transcript: dict[str, Any], channel: int) -> list[str]:
    segments = [each for each in transcript["segments"] if each.get("channel") == channel]
    return plain_words(" ".join(segment["text"] for segment in segments))


def test_each_reader_has_their_own_words_and_none_of_the_others(transcribe: Any) -> None:
    channels, words = call()
    found = transcribe(*channels, channels="separate")
    assert found["diarization"]["speakers"] == ["A", "B"]
    assert (found["segments"][0]["speaker"], found["segments"][0]["channel"]) == ("A", 1)
    starts = [segment["start"] for segment in found["segments"]]
    assert starts == sorted(starts)
    for number, own in enumerate(words, start=1):
        heard = said(found, number)
        matcher = SequenceMatcher(None, own, heard, autojunk=False)
        same = sum(block.size for block in matcher.get_matching_blocks())
        # Whisper tiny.en itself has some words wrong.
        assert same >= 0.85 * len(own), heard
        assert len(heard) <= len(own) + 2, heard


def test_without_muting_the_words_would_be_there_twice(
    transcribe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other channel has is loud enough to be recognised."""
    monkeypatch.setattr(
        "spotscribe_audio.speech.sounds.sustained", lambda copies: np.zeros(len(copies), dtype=np.bool_)
    )
    channels, words = call()
    found = transcribe(*channels, channels="separate")
    assert len(found["segments"]) > 0
    assert sum(len(said(found, number)) for number in (1, 2)) > 1.3 * sum(map(len, words))


def test_one_recording_on_two_channels_is_the_mixed_transcript(transcribe: Any) -> None:
    channels, _ = call()
    mono = channels[0] + channels[1]
    mixed = transcribe(mono, -0.5 * mono)
    once = transcribe(mono, -0.5 * mono, channels="separate")
    assert once["segments"] == mixed["segments"]
    assert [loss["stage"] for loss in once["degraded"] if loss not in mixed["degraded"]] == ["diarization"]
