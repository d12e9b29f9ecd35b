"""The whisper benchmarks refuse times of work that failed, or that was less than the baseline's."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from spotscribe_bench.load import post_all
from spotscribe_bench.models import MODEL, TRAINED, write_models
from spotscribe_bench.service import Service
from spotscribe_bench.throughput import check_words
from spotscribe_testing.service.live_server import served


@contextmanager
def answering(**transcript: Any) -> Iterator[Service]:
    """A service that answers each request with this transcript."""
    app = FastAPI()

    @app.post("/transcribe")
    def transcribe() -> dict[str, Any]:
        return {"text": "Good morning.", "segments": [{}], "degraded": [], **transcript}

    with served(app) as url:
        yield Service(url, 0, Path(), Path())


def test_doubts_about_words_do_not_end_a_measurement() -> None:
    with answering(degraded=[{"stage": "transcript", "reason": "The words are improbable."}]) as service:
        assert service.transcribe("a")[0]["text"] == "Good morning."


@pytest.mark.parametrize(
    "transcript", [{"segments": []}, {"degraded": [{"stage": "alignment", "reason": "It failed."}]}]
)
def test_a_failed_stage_or_an_empty_transcript_ends_it(transcript: dict[str, Any]) -> None:
    with answering(**transcript) as service, pytest.raises(RuntimeError, match="The service answered 200"):
        service.transcribe("a")


def test_concurrent_answers_must_equal_those_of_single_requests() -> None:
    with answering() as service:
        answer = service.post("a").json()
        alone = {"a": answer, "b": {**answer, "segments": [{"start": 0.1}]}}
        assert post_all(service, ["a", "b"] * 3, 2, alone)[1] == 3


@pytest.mark.parametrize(("service", "bare"), [(94, 100), (106, 100), (0, 0)])
def test_a_different_number_of_words_is_not_compared(service: int, bare: int) -> None:
    with pytest.raises(RuntimeError, match=f"{service} words"):
        check_words(service, bare)
    check_words(96, 100)


@pytest.mark.production
def test_whisperx_and_the_service_hear_the_sample_with_the_measured_models(tmp_path: Path) -> None:
    from spotscribe_bench.beside import BareWhisperx
    from spotscribe_bench.service import whisper_service
    from spotscribe_testing.places import SAMPLE, sample_words

    write_models(tmp_path / "models", TRAINED)
    (tmp_path / "shared").mkdir()
    shutil.copy(SAMPLE, tmp_path / "shared" / "sample.flac")
    assert (tmp_path / "models" / MODEL / "model.bin").is_file()
    said = len(sample_words())
    assert BareWhisperx(tmp_path / "models", tmp_path).transcribe(SAMPLE)[0] == pytest.approx(said, abs=1)
    with whisper_service(tmp_path, "service") as service:
        transcript, _ = service.transcribe("sample.flac")
    assert len(transcript["text"].split()) == pytest.approx(said, abs=1)
    assert transcript["degraded"] == []
