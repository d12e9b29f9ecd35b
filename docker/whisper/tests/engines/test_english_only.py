"""English-only Whisper models: what they can do is asked of the model, not of its directory's name.

Those marked `production` run with `-m production` where requirements.production.txt is installed.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest

from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.places import ROOT, SAMPLE
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines.faster_whisper import FasterWhisperEngine
from spotscribe_whisper.engines.whisper_model import ABILITIES, abilities_of, languages_of
from spotscribe_whisper.settings import Settings

NEVER = lambda: False  # noqa: E731
SENTENCE = "Take it now."
NAMED = {"en": "english", "de": "german", "yue": "cantonese"}


def model(*tokens: str, multilingual: bool) -> Any:
    """As much of a `faster_whisper.WhisperModel` as is asked."""
    numbers = {f"<|{code}|>": number for number, code in enumerate(tokens)}
    return SimpleNamespace(
        model=SimpleNamespace(is_multilingual=multilingual),
        hf_tokenizer=SimpleNamespace(token_to_id=numbers.get),
    )


def test_languages_and_abilities_are_the_models() -> None:
    english = model("en", "de", multilingual=False)
    assert (languages_of(english, NAMED), abilities_of(english)) == (
        {"en": "english"},
        ABILITIES - {"translate"},
    )
    second = model("en", "de", multilingual=True)
    assert languages_of(second, NAMED) == {"en": "english", "de": "german"}
    assert abilities_of(second) == ABILITIES
    assert languages_of(model("en", "de", "yue", multilingual=True), NAMED) == NAMED


class EnglishEngine(ScriptedEngine):
    abilities = frozenset({"prompt", "hotwords", "temperature"})

    def languages(self) -> dict[str, str]:
        return {"en": "english"}

    def detect_language(self, samples: Any, among: Any, cancelled: Any) -> str:
        return "en"


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    with served(create_app(settings, EnglishEngine(), ScriptedDiarizer())) as found:
        wait_until(lambda: answers_ok(found), "the engine has loaded")
        yield found


def check_english(url: str, sound: bytes) -> None:
    """What an English-only model answers, whatever it is called."""

    def asked(route: str, **fields: Any) -> httpx.Response:
        files = {"file": ("a.flac", sound)}
        return httpx.post(f"{url}/v1/audio/{route}", data=fields, files=files, timeout=120)

    assert [one["code"] for one in httpx.get(f"{url}/languages").json()["languages"]] == ["en"]
    for fields in ({}, {"language": "auto"}, {"language": "en-US"}, {"languages[]": ["en"]}):
        assert asked("transcriptions", **fields).status_code == 200
    for param, fields in (("language", {"language": "de"}), ("languages", {"languages[]": ["en", "de"]})):
        error = refusal(asked("transcriptions", **fields), 400, "invalid_request")
        assert error["param"] == param
    for fields, stages in (({}, ["transcript"]), ({"language": "en"}, [])):
        answer = httpx.post(f"{url}/transcribe", data=fields, files={"file": ("a.flac", sound)}, timeout=120)
        losses = answer.json()["degraded"]
        assert [loss["stage"] for loss in losses if "knows English only" in loss["reason"]] == stages
    error = refusal(asked("translations"), 400, "invalid_request")
    assert error["param"] == "task"
    assert "multilingual" in error["message"]


def test_an_english_model_hears_english_alone(url: str, settings: Settings, audio: str) -> None:
    check_english(url, (settings.shared_audio / audio).read_bytes())


def test_the_laptops_engine_hears_english_alone(settings: Settings) -> None:
    with served(create_app(settings, FasterWhisperEngine(), ScriptedDiarizer())) as url:
        wait_until(lambda: answers_ok(url), "the engine has loaded", 600)
        check_english(url, (ROOT / "test" / "fixtures" / "speech" / "LJ001-0008.flac").read_bytes())


@pytest.mark.production
def test_an_english_whisper_of_any_name_answers_without_a_language(tmp_path: Path) -> None:
    """It answered 500 to every request that named none."""
    from spotscribe_testing.models.tiny_whisper import scripted_whisper
    from spotscribe_whisper.engines.whisperx import WhisperxEngine

    scripted_whisper(tmp_path / "tiny", SENTENCE, multilingual=False)
    engine = WhisperxEngine(models=tmp_path, model="tiny", compute_type="auto", scratch=tmp_path)
    with served(create_app(Settings(tmpdir=tmp_path), engine, ScriptedDiarizer())) as url:
        loading = lambda: httpx.get(f"{url}/health", timeout=120).json()["status"] == "loading"  # noqa: E731
        wait_until(lambda: not loading(), "the engine has loaded", 600)
        check_english(url, SAMPLE.read_bytes())
        files = {"file": SAMPLE.read_bytes()}
        answer = httpx.post(f"{url}/v1/audio/transcriptions", files=files, timeout=300)
        assert SENTENCE in answer.json()["text"]


@pytest.mark.production
def test_a_multilingual_whisper_may_have_a_name_that_ends_like_an_english_ones(tmp_path: Path) -> None:
    from spotscribe_testing.models.tiny_whisper import LANGUAGES, scripted_whisper
    from spotscribe_whisper.engines.whisperx import WhisperxEngine

    scripted_whisper(tmp_path / "mine.en", "Guten Tag.", language="de")
    engine = WhisperxEngine(models=tmp_path, model="mine.en", compute_type="auto", scratch=tmp_path)
    engine.load()
    assert set(engine.languages()) == set(LANGUAGES)
    assert engine.abilities == ABILITIES
    tone = (np.sin(np.arange(16_000 * 5) / 5) * 9000).astype(np.int16)
    assert engine.detect_language(tone, None, NEVER) == "de"
    assert engine.detect_language(tone, ["fr"], NEVER) == "fr"
    assert engine.detect_language(tone, ["en", "de"], NEVER) == "de"
