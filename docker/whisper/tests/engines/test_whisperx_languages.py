"""The production engine hears a recording in two languages. Its tiny model takes soft speech for German.

Run with `-m production` where requirements.production.txt is installed.
"""

import asyncio
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_common.errors import CancelledWorkError
from spotscribe_testing.places import SAMPLE
from spotscribe_whisper.engines.engine import Heard, Hearing
from spotscribe_whisper.engines.whisperx import WhisperxEngine

pytestmark = pytest.mark.production
SENTENCE = "Take it now. Then rest."
NEVER: Callable[[], bool] = lambda: False  # noqa: E731
# Of speech, and of the pause after it, which ends a piece whose language is detected.
SECONDS, PAUSE = 9, 2
# Levels of both languages: softer speech than this would be amplified.
LOUD, SOFT = 0.9, 0.06


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> WhisperxEngine:
    from spotscribe_testing.models.tiny_aligner import tiny_aligner
    from spotscribe_testing.models.tiny_whisper import scripted_whisper

    models = tmp_path_factory.mktemp("models")
    scripted_whisper(models / "tiny", SENTENCE, language="en", soft_language="de")
    tiny_aligner(models / "align-en")
    made = WhisperxEngine(
        models=models, model="tiny", compute_type="auto", scratch=tmp_path_factory.mktemp("caches")
    )
    made.load()
    return made


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    with SAMPLE.open("rb") as file:
        pcm = asyncio.run(decode(file, max_seconds=60, scratch=tmp_path_factory.mktemp("scratch")))
    found = pcm.read(0, SECONDS)
    pcm.close()
    return at_level(found, LOUD)


@pytest.fixture(scope="module")
def soft(spoken: Samples) -> Samples:
    return at_level(spoken, SOFT)


@pytest.fixture(scope="module")
def changing(spoken: Samples, soft: Samples) -> Samples:
    """English, German, and English again."""
    pause = np.zeros(PAUSE * SAMPLE_RATE, np.int16)
    return np.concatenate([spoken, pause, soft, pause, spoken])


def at_level(samples: Samples, level: float) -> Samples:
    """The samples with this level of their loudest thousandth, as a share of full scale."""
    loudest = float(np.quantile(np.abs(samples.astype(np.float64)), 0.999))
    return np.clip(samples * (level * 32768 / loudest), -32768, 32767).astype(np.int16)


def runs(heard: Heard) -> list[tuple[str | None, float]]:
    """The languages in turn, each with the middle of its segments in seconds."""
    found = []
    for language, run in groupby(heard.segments, key=lambda segment: segment.language):
        segments = list(run)
        found.append((language, (segments[0].start + segments[-1].end) / 2))
    return found


def test_the_language_is_that_of_the_audio(engine: WhisperxEngine, spoken: Samples, soft: Samples) -> None:
    assert engine.detect_language(spoken, None, NEVER) == "en"
    assert engine.detect_language(soft, None, NEVER) == "de"


def test_each_part_is_heard_in_its_language(
    engine: WhisperxEngine, changing: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[tuple[str, float]] = []
    decode_all = engine._decoder.decoder.decode

    def remember(chunks: Any, style: Any) -> Any:
        decoded.extend((style.language, chunk.start) for chunk in chunks)
        return decode_all(chunks, style)

    monkeypatch.setattr(engine._decoder.decoder, "decode", remember)
    heard = engine.hear(changing, Hearing("fr", languages=["en", "de", "fr"]), NEVER)
    assert [language for language, _ in runs(heard)] == ["en", "de", "en"]
    for at, (_, middle) in enumerate(runs(heard)):
        assert 0 < middle - at * (SECONDS + PAUSE) < SECONDS
    assert [segment.start for segment in heard.segments] == sorted(seg.start for seg in heard.segments)
    for language, start in decoded:
        assert (language == "de") == (SECONDS < start < 2 * SECONDS + PAUSE), (language, start)
    # There is an aligner for English alone.
    assert [loss.stage for loss in heard.degraded] == ["alignment"]
    assert "align-de" in heard.degraded[0].reason


def test_with_one_language_all_is_as_if_it_had_been_asked_for(
    engine: WhisperxEngine, spoken: Samples
) -> None:
    alone = engine.hear(spoken, Hearing("en"), NEVER)
    among = engine.hear(spoken, Hearing("en", languages=["en", "de"]), NEVER)
    assert {segment.language for segment in among.segments} == {"en"}
    for segment in among.segments:
        segment.language = None
    assert (among.segments, among.doubts) == (alone.segments, alone.doubts)


def test_a_language_that_is_not_in_the_list_is_not_heard(engine: WhisperxEngine, changing: Samples) -> None:
    heard = engine.hear(changing, Hearing("fr", languages=["de", "fr"]), NEVER)
    assert "en" not in {segment.language for segment in heard.segments}


def test_the_detection_of_languages_can_be_cancelled_between_batches(
    engine: WhisperxEngine, spoken: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 1

    monkeypatch.setattr(engine._decoder.batches, "size", 1)
    audio = [spoken[:SAMPLE_RATE] / np.float32(32768)] * 2
    assert len(engine._decoder.language_odds(audio, NEVER)) == 2
    with pytest.raises(CancelledWorkError):
        engine._decoder.language_odds(audio, cancelled)
    assert len(asked) == 2
