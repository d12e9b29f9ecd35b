"""What the production engine makes of a caller's choices, and what it does when memory runs out.

Run with `-m production` where requirements.production.txt is installed.
"""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Samples
from spotscribe_common.errors import OutOfMemoryError
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_testing.places import SAMPLE
from spotscribe_whisper.engines.engine import Heard, HeardWord, Hearing
from spotscribe_whisper.engines.recognition.chunks import Chunk
from spotscribe_whisper.engines.recognition.reading import Piece
from spotscribe_whisper.engines.recognition.recogniser import Recognised
from spotscribe_whisper.engines.shared_batches import SharedBatches
from spotscribe_whisper.engines.shared_decoder import SharedDecoder
from spotscribe_whisper.engines.whisperx import WhisperxEngine
from spotscribe_whisper.engines.whisperx_aligner import WhisperxAligner

pytestmark = pytest.mark.production
NEVER = lambda: False  # noqa: E731
SENTENCE = "Take 250 milligrams now. Then rest."


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from spotscribe_testing.models.tiny_aligner import tiny_aligner
    from spotscribe_testing.models.tiny_whisper import scripted_whisper

    directory = tmp_path_factory.mktemp("models")
    scripted_whisper(directory / "tiny", SENTENCE)
    tiny_aligner(directory / "align-en")
    return directory


@pytest.fixture(scope="module")
def loaded(models: Path, tmp_path_factory: pytest.TempPathFactory) -> WhisperxEngine:
    scratch = tmp_path_factory.mktemp("caches")
    made = WhisperxEngine(models=models, model="tiny", compute_type="auto", scratch=scratch)
    made.load()
    return made


@pytest.fixture
def engine(loaded: WhisperxEngine) -> Iterator[WhisperxEngine]:
    """The loaded engine; what a test puts into it is taken out again."""
    shared, model = loaded._decoder, loaded._model.model._model
    loaded._decoder = SharedDecoder(shared.decoder, SharedBatches(8, "cpu"), loaded._turn)
    yield loaded
    loaded._decoder, loaded._model.model._model = shared, model


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    with SAMPLE.open("rb") as file:
        pcm = asyncio.run(decode(file, max_seconds=60, scratch=tmp_path_factory.mktemp("scratch")))
    found = pcm.read(0, 6)
    pcm.close()
    return found


def hear(engine: WhisperxEngine, samples: Samples, **options: Any) -> Heard:
    return engine.hear(samples, Hearing("en", **options), lambda: False)


def text(heard: Heard) -> str:
    return " ".join(segment.text for segment in heard.segments)


@pytest.mark.parametrize("field", ["prompt", "hotwords"])
def test_the_context_reaches_the_decoder_and_is_forgotten_afterwards(
    field: str, engine: WhisperxEngine, samples: Samples
) -> None:
    # The scripted model goes by the position alone. A context moves its sentence on by the context's tokens
    # (one a byte, and a space before) and the one that introduces it.
    moved = len(" abc") + 1
    heard = hear(engine, samples, **{field: "abc"})
    assert text(heard) == f" {SENTENCE}"[moved:].strip()
    assert heard.degraded == []
    assert text(hear(engine, samples)) == SENTENCE


def test_a_context_that_is_too_long_is_cut_and_that_is_told(engine: WhisperxEngine, samples: Samples) -> None:
    heard = hear(engine, samples, prompt="x" * 500, hotwords="y" * 300)
    assert [loss.stage for loss in heard.degraded] == ["transcript"]
    assert "hotwords' 301 tokens the first 111" in heard.degraded[0].reason
    assert "prompt's 501 tokens the last 112" in heard.degraded[0].reason


def test_a_translations_words_are_not_aligned_to_the_sounds_of_another_language(
    engine: WhisperxEngine, samples: Samples
) -> None:
    heard = hear(engine, samples, task="translate")
    assert text(heard) == SENTENCE
    assert all(word.start is None for segment in heard.segments for word in segment.words)
    assert heard.degraded == []


def test_segments_tell_how_likely_words_and_silence_are(engine: WhisperxEngine, samples: Samples) -> None:
    for segment in hear(engine, samples).segments:
        assert segment.avg_logprob is not None
        assert segment.avg_logprob <= 0
        assert segment.no_speech_prob is not None
        assert 0 <= segment.no_speech_prob <= 1


class Spy:
    """Passes everything on to the model, and remembers what it was asked."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.prompts: list[list[int]] = []
        self.options: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def generate(self, features: Any, prompts: list[list[int]], **options: Any) -> Any:
        self.prompts += prompts
        self.options.append(options)
        return self.model.generate(features, prompts, **options)


@pytest.mark.parametrize("field", ["prompt", "hotwords"])
@pytest.mark.parametrize("said", ["<|endoftext|>", "<|endof<|endoftext|>text|>", "a <<||de|><|translate|>"])
def test_no_control_token_of_whispers_can_be_written_into_the_context(
    said: str, field: str, engine: WhisperxEngine, samples: Samples
) -> None:
    spy = engine._model.model._model = Spy(engine._model.model._model)
    hear(engine, samples, **{field: said})
    number = engine._model.hf_tokenizer.token_to_id
    for prompt in spy.prompts:
        begin, *context = prompt[: prompt.index(number("<|startoftranscript|>"))]
        assert begin == number("<|startofprev|>")
        assert context
        assert max(context) < number("<|endoftext|>"), "the context holds a control token"


def test_a_temperature_draws_by_chance_and_zero_does_not(engine: WhisperxEngine, samples: Samples) -> None:
    spy = engine._model.model._model = Spy(engine._model.model._model)
    hear(engine, samples)
    hear(engine, samples, temperature=0.7)
    assert spy.options[0]["beam_size"] == 5
    assert "sampling_temperature" not in spy.options[0]
    last = spy.options[-1]
    assert (last["beam_size"], last["sampling_topk"], last["sampling_temperature"]) == (1, 0, 0.7)


def test_the_stages_times_are_told(engine: WhisperxEngine, samples: Samples) -> None:
    seconds = hear(engine, samples).seconds
    assert set(seconds) == {"recognition", "alignment"}
    assert all(value > 0 for value in seconds.values())


def test_a_language_is_detected_by_speech_and_not_by_what_comes_before(
    engine: WhisperxEngine, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    listened: list[np.ndarray[Any, Any]] = []

    def remember(audio: Any) -> list[dict[str, float]]:
        listened.extend(audio)
        return [{"en": 1.0}]

    monkeypatch.setattr(engine._decoder.decoder, "language_odds", remember)
    silence = np.zeros(40 * 16_000, dtype=np.int16)
    assert engine.detect_language(np.concatenate([silence, samples]), None, NEVER) == "en"
    assert len(listened[0]) <= 30 * 16_000
    assert np.abs(listened[0][:16_000]).max() > 0.01, "the silence before the speech was listened to"
    # Where nobody speaks there is nothing better than the beginning.
    engine.detect_language(silence, None, NEVER)
    assert len(listened[1]) == len(silence)


class Failing:
    """Lets the decoder run out of memory so many times."""

    def __init__(self, engine: WhisperxEngine, failures: list[Exception]) -> None:
        self.decoder = engine._decoder.decoder
        self.failures = failures
        # Greatest size of each batch that may hold the whole recording.
        self.sizes: list[int] = []
        self.batches = SharedBatches(8, "cpu")
        engine._decoder = SharedDecoder(self, self.batches, engine._turn)  # type: ignore[arg-type]

    def decode(self, chunks: Any, style: Any) -> Any:
        if any(len(chunk.samples) > 4 * 16_000 for chunk in chunks) and not style.timestamps:
            self.sizes.append(self.batches.size)
        if self.failures:
            raise self.failures.pop()
        return self.decoder.decode(chunks, style)


def out_of_memory() -> Iterator[Exception]:
    import torch

    yield RuntimeError("CUDA failed with error out of memory")
    yield torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    yield RuntimeError("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED")


def test_out_of_memory_halves_the_batch_once_and_for_good(engine: WhisperxEngine, samples: Samples) -> None:
    for failure in out_of_memory():
        failing = Failing(engine, [failure])
        assert text(hear(engine, samples)) == SENTENCE
        assert text(hear(engine, samples)) == SENTENCE
        assert failing.sizes == [8, 4, 4]


def test_out_of_memory_again_fails_the_request_and_not_the_service(
    engine: WhisperxEngine, samples: Samples
) -> None:
    failing = Failing(engine, list(out_of_memory())[:2])
    with pytest.raises(OutOfMemoryError, match="batches of 4"):
        hear(engine, samples)
    assert failing.sizes == [8, 4]
    assert text(hear(engine, samples)) == SENTENCE


def test_other_failures_are_not_taken_for_a_lack_of_memory(engine: WhisperxEngine, samples: Samples) -> None:
    failing = Failing(engine, [RuntimeError("CUDA error: illegal access")])
    with pytest.raises(RuntimeError, match="illegal access"):
        hear(engine, samples)
    assert failing.sizes == [8]


def test_words_that_cannot_be_aligned_are_not_logged(
    models: Path, samples: Samples, caplog: pytest.LogCaptureFixture
) -> None:
    import whisperx  # noqa: F401 - sets up its logger, which keeps its words to itself

    logger = logging.getLogger("whisperx")
    logger.addHandler(caplog.handler)
    try:
        # More letters than a tenth of a second can hold.
        chunk = Chunk(0.0, samples[:1600] / np.float32(32768), [(0.0, 0.1)])
        said = "The patient said something"
        words = [HeardWord(word, 0.0, 0.0, 0.5) for word in said.split()]
        aligner = WhisperxAligner(models, "cpu", GpuPriority(None))
        heard = aligner.align([Recognised(chunk, [Piece(said, words, -0.1, 0.0)])], chunk.samples, "en")
    finally:
        logger.removeHandler(caplog.handler)
    assert text(heard) == said
    assert all(word.start is None for word in heard.segments[0].words), "it could be aligned"
    assert "patient" not in caplog.text


def test_out_of_memory_in_the_alignment_delivers_the_words(
    engine: WhisperxEngine, samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    import whisperx

    def run_out(*_: Any) -> None:
        raise next(out_of_memory())

    monkeypatch.setattr(whisperx, "align", run_out)
    heard = hear(engine, samples)
    assert text(heard) == SENTENCE
    assert [loss.stage for loss in heard.degraded] == ["alignment"]
    assert "ran out of memory" in heard.degraded[0].reason
