"""The production engine in its locked environment, on the CPU, with tiny models: load, transcribe, align.

Run with `-m production` where requirements.production.txt is installed.
"""

import asyncio
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.contract import Result, TranscribeEvent, Transcript, TranscriptionOptions
from spotscribe_common.errors import ModelMissingError
from spotscribe_common.work.metrics import Metrics
from spotscribe_testing.places import SAMPLE
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until
from spotscribe_whisper.engines.engine import Hearing
from spotscribe_whisper.engines.whisperx import WhisperxEngine
from spotscribe_whisper.options import Options
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer
from spotscribe_whisper.transcription import Tools, Transcription

pytestmark = pytest.mark.production
ENGLISH = Options(TranscriptionOptions(language="en"))
SENTENCE = "Take 250 milligrams now. Then rest."


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from spotscribe_testing.models.tiny_aligner import tiny_aligner
    from spotscribe_testing.models.tiny_whisper import scripted_whisper

    directory = tmp_path_factory.mktemp("models")
    scripted_whisper(directory / "tiny", SENTENCE)
    scripted_whisper(directory / "tiny-german", "Guten Tag.", language="de")
    tiny_aligner(directory / "align-en")
    return directory


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def made(models: Path, scratch: Path, name: str = "tiny") -> WhisperxEngine:
    engine = WhisperxEngine(models=models, model=name, compute_type="auto", scratch=scratch)
    engine.load()
    return engine


@pytest.fixture
def pcm(no_network: None, tmp_path: Path) -> Iterator[Pcm]:
    with SAMPLE.open("rb") as file:
        found = asyncio.run(decode(file, max_seconds=60, scratch=tmp_path))
    yield found
    found.close()


def result(engine: WhisperxEngine, pcm: Pcm, options: Options) -> Transcript:
    events: list[TranscribeEvent] = []
    tools = Tools(engine, NoDiarizer("not wanted here"), Metrics("recognition"))
    Transcription(pcm, tools, options, events.append, lambda: False).run()
    last = events[-1]
    assert isinstance(last, Result)
    check("TranscribeEvent", json.loads(last.to_json()))
    return last.transcript


def test_known_words_come_back_aligned_within_the_audio(models: Path, pcm: Pcm, tmp_path: Path) -> None:
    transcript = result(made(models, tmp_path), pcm, ENGLISH)
    assert transcript.degraded == []
    assert transcript.engine.model_dump() == {"name": "whisperx", "model": "tiny"}
    assert transcript.text == SENTENCE
    assert [segment.text for segment in transcript.segments] == ["Take 250 milligrams now.", "Then rest."]
    words = [word for segment in transcript.segments for word in segment.words]
    assert [word.word for word in words] == SENTENCE.split()
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= pcm.duration


def test_numbers_are_interpolated_and_marked_and_other_words_are_measured(
    models: Path, pcm: Pcm, tmp_path: Path
) -> None:
    words = result(made(models, tmp_path), pcm, ENGLISH).segments[0].words
    assert [(word.word, word.interpolated) for word in words] == [
        ("Take", None), ("250", True), ("milligrams", None), ("now.", None),
    ]  # fmt: skip
    assert words[0].end <= words[1].start <= words[1].end <= words[2].start
    # The recogniser's time for it is not between those of its neighbors: the models have learnt nothing.
    assert words[1].score is None
    assert all(word.score is not None and 0 <= word.score <= 1 for word in (words[0], words[2], words[3]))


def test_the_language_is_detected_and_an_aligner_that_is_missing_degrades(
    models: Path, pcm: Pcm, tmp_path: Path
) -> None:
    transcript = result(made(models, tmp_path, "tiny-german"), pcm, Options())
    assert transcript.language == "de"
    assert transcript.text == "Guten Tag."
    assert [loss.stage for loss in transcript.degraded] == ["alignment"]
    assert "align-de" in transcript.degraded[0].reason
    segment = transcript.segments[0]
    # The recogniser's own times.
    assert [(word.word, word.interpolated) for word in segment.words] == [("Guten", None), ("Tag.", None)]
    assert (segment.words[0].start, segment.words[-1].end) == (segment.start, segment.end)


def test_an_aligner_that_is_corrupt_degrades(models: Path, pcm: Pcm, tmp_path: Path) -> None:
    own = tmp_path / "models"
    shutil.copytree(models, own)
    (own / "align-en" / "model.safetensors").write_bytes(b"broken")
    transcript = result(made(own, tmp_path), pcm, ENGLISH)
    assert transcript.text == SENTENCE
    assert [loss.stage for loss in transcript.degraded] == ["alignment"]


def test_silence_holds_no_words(models: Path, tmp_path: Path) -> None:
    heard = made(models, tmp_path).hear(np.zeros(20 * 16_000, dtype=np.int16), Hearing("en"), lambda: False)
    assert heard.segments == []
    assert heard.degraded == []


def test_a_truncated_model_is_named(models: Path, tmp_path: Path) -> None:
    own = tmp_path / "models"
    shutil.copytree(models, own)
    weights = own / "tiny" / "model.bin"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(ModelMissingError, match=r"model\.bin"):
        made(own, tmp_path)


def test_a_corrupt_tokenizer_is_named(models: Path, tmp_path: Path) -> None:
    own = tmp_path / "models"
    shutil.copytree(models, own)
    (own / "tiny" / "tokenizer.json").write_text("[]")
    with pytest.raises(ModelMissingError, match="tiny"):
        made(own, tmp_path)


def test_a_compute_type_that_the_device_lacks_is_named(models: Path, tmp_path: Path) -> None:
    engine = WhisperxEngine(models=models, model="tiny", compute_type="float16", scratch=tmp_path)
    with pytest.raises(ModelMissingError, match="float16 on cpu"):
        engine.load()


def test_the_service_serves_it_from_a_read_only_home_and_stops(models: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    environment = {
        "WHISPER_ENGINE": "whisperx",
        "WHISPER_MODEL": "tiny",
        "MODEL_DIR": str(models),
        "SHARED_AUDIO": str(SAMPLE.parent),
        "TMPDIR": str(tmp_path / "scratch"),
        "HOME": "/proc",
    }
    with service_process("spotscribe_whisper", environment, tmp_path / "log") as (process, url):
        wait_until(
            lambda: httpx.get(f"{url}/health", timeout=600).json()["status"] != "loading", "loaded", 120
        )
        assert answers_ok(url), httpx.get(f"{url}/health", timeout=600).text
        answer = httpx.post(f"{url}/transcribe", json={"path": SAMPLE.name, "language": "en"}, timeout=600)
        check("Transcript", answer.json())
        assert answer.json()["text"] == SENTENCE
        assert answer.json()["degraded"] == []
        process.terminate()
        assert process.wait(timeout=600) == 0


def test_the_inference_runtime_cannot_report_to_its_maker() -> None:
    """Its native code would do so on import, beneath whatever Python's sockets are told."""
    import onnxruntime

    libraries = list(Path(onnxruntime.__file__).parent.rglob("*.so*"))
    assert libraries
    assert [library.name for library in libraries if b"events.data" in library.read_bytes()] == []


def test_the_languages_are_those_that_the_model_has_tokens_for(models: Path, tmp_path: Path) -> None:
    assert made(models, tmp_path).languages() == {"en": "english", "de": "german", "fr": "french"}
