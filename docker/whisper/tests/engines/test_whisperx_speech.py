"""The production engine with Whisper tiny.en on human speech: words, their times, and work that is cancelled.

Run with `-m production` where requirements.production.txt and requirements.weights.txt are installed.
"""

import logging
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import Samples
from spotscribe_audio.packaged_models import link_packaged
from spotscribe_bench.accuracy import scoring
from spotscribe_bench.accuracy.recordings import COMMITTED, recordings
from spotscribe_bench.accuracy.sets import clips
from spotscribe_bench.beside import bare_chunks, bare_pipeline
from spotscribe_common.errors import CancelledWorkError
from spotscribe_whisper.engines.engine import Heard, Hearing
from spotscribe_whisper.engines.whisperx import WhisperxEngine

pytestmark = pytest.mark.production
ENGLISH = Hearing("en")
# Bare whisperX loses it: the decoder stops at the pause before it.
LOST = "unless to be rather cold hearted and rather selfish is to be ill disposed"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("speech")
    link_packaged("tiny.en", made / "models" / "tiny.en")
    return made


@pytest.fixture(scope="module")
def engine(folder: Path) -> WhisperxEngine:
    made = WhisperxEngine(
        models=folder / "models", model="tiny.en", compute_type="auto", scratch=folder / "scratch"
    )
    made.load()
    return made


@pytest.fixture(scope="module")
def samples() -> Samples:
    """Three minutes of two readers, with pauses and music."""
    [joined] = clips("joined", recordings(COMMITTED))
    return joined.samples


@pytest.fixture(scope="module")
def heard(engine: WhisperxEngine, samples: Samples) -> Heard:
    return engine.hear(samples, ENGLISH, lambda: False)


def test_a_sentence_that_whisperx_loses_is_heard(heard: Heard, samples: Samples, folder: Path) -> None:
    bare = bare_chunks(bare_pipeline(folder / "models" / "tiny.en", 2), samples / np.float32(32768))
    assert longest_part(chunk["text"] for chunk in bare) < 3, "another sentence must be found for this"
    # Not each letter: a processor's instructions decide how tensors of int8 are multiplied.
    assert longest_part(segment.text for segment in heard.segments) > len(LOST.split()) / 2
    assert heard.doubts == []


def longest_part(texts: Iterable[str]) -> int:
    """Words in a row of what bare whisperX loses."""
    said = scoring.normal(" ".join(texts)).split()
    return SequenceMatcher(None, LOST.split(), said, autojunk=False).find_longest_match().size


def test_segments_are_sentences_and_all_words_have_times_in_order(heard: Heard, samples: Samples) -> None:
    """Without an aligner, segments were whole chunks of up to 30 s, and words shared their time."""
    assert [loss.stage for loss in heard.degraded] == ["alignment"]
    assert len(heard.segments) > 15
    words = [word for segment in heard.segments for word in segment.words]
    assert [word.text for word in words] == " ".join(segment.text for segment in heard.segments).split()
    times = [time for word in words for time in (word.start, word.end) if time is not None]
    assert len(times) == 2 * len(words)
    assert all(first <= second + 0.01 for first, second in pairwise(times))
    assert times[-1] <= len(samples) / 16_000
    pauses = [second - first for first, second in list(pairwise(times))[1::2]]
    assert max(pauses) > 2, "the pauses between the recordings are within words"
    assert all(0 <= (word.score or 0) <= 1 for word in words)


class Counting:
    """Counts the steps of a model."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.steps = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def generate(self, *arguments: Any, **options: Any) -> Any:
        self.steps += 1
        return self.model.generate(*arguments, **options)


def after(calls: int) -> Callable[[], bool]:
    """Cancelled from the given call on."""
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > calls

    return cancelled


def test_a_cancelled_request_ends_within_a_batch(
    engine: WhisperxEngine, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It kept the engine for the whole window, of up to ten minutes."""
    counting = Counting(engine._model.model._model)
    monkeypatch.setattr(engine._model.model, "_model", counting)
    monkeypatch.setattr(engine._decoder.batches, "size", 1)
    searched: list[int] = []
    search = engine._detector.vad_pipeline._segmentation.model
    handle = search.register_forward_hook(lambda *_: searched.append(1))
    try:
        with pytest.raises(CancelledWorkError):
            engine.hear(samples, ENGLISH, lambda: True)
        assert (searched, counting.steps) == ([], 0), "speech was looked for"
        asked: list[int] = []
        engine.hear(samples[: 16_000 * 60], ENGLISH, lambda: bool(asked.append(1)))
        whole, steps = len(asked), counting.steps
        assert steps >= 2
        with pytest.raises(CancelledWorkError):
            engine.hear(samples[: 16_000 * 60], ENGLISH, after(len(searched) + 2))
        assert 0 < counting.steps - steps < steps
        assert whole > len(searched) / 2 + steps - 1, "not asked before each batch"
    finally:
        handle.remove()


def test_a_cancelled_request_ends_within_the_alignment(
    engine: WhisperxEngine, samples: Samples, folder: Path
) -> None:
    from spotscribe_testing.models.tiny_aligner import tiny_aligner

    tiny_aligner(folder / "models" / "align-en")
    try:
        audio = samples[: 16_000 * 60]
        asked: list[int] = []
        model, _ = engine._aligner._model_of("en")
        aligned: list[int] = []
        model.register_forward_hook(lambda *_: aligned.append(len(asked)))
        engine.hear(audio, ENGLISH, lambda: bool(asked.append(1)))
        whole = len(aligned)
        assert whole > 1
        with pytest.raises(CancelledWorkError):
            engine.hear(audio, ENGLISH, after(aligned[0]))
        assert len(aligned) == whole + 1
    finally:
        engine._aligner._kept = None
        (folder / "models" / "align-en").rename(folder / "align-en")


def test_the_words_of_a_patient_are_not_logged(
    engine: WhisperxEngine, samples: Samples, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        engine.hear(samples[: 16_000 * 20], ENGLISH, lambda: False)
    assert "printing" not in caplog.text.lower()
