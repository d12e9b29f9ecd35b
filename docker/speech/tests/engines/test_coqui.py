"""The engine `coqui` with its locked packages, and an XTTS that speaks noise."""

import asyncio
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import Response

from spotscribe_common.errors import InternalError, InvalidRequestError, ModelMissingError
from spotscribe_common.http.status import health_of
from spotscribe_common.settings import ServiceSettings
from spotscribe_common.work.metrics import Metrics
from spotscribe_common.work.service import ModelService
from spotscribe_speech.app import create_app
from spotscribe_speech.engines import make_engine
from spotscribe_speech.engines.coqui import CoquiEngine
from spotscribe_speech.settings import Settings
from spotscribe_testing.models.tiny_xtts import SPEAKERS, tiny_xtts
from spotscribe_testing.service.live_server import answers_ok, served, wait_until

pytestmark = pytest.mark.production
TEXT = "The cat sits on the mat."


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    tiny_xtts(folder / "xtts-v2")
    return folder


@pytest.fixture(scope="module")
def voices(models: Path) -> str:
    import soundfile

    folder = models / "voices"
    folder.mkdir()
    for name, hertz in (("ada", 220), ("bob", 110)):
        sound = 0.3 * np.sign(np.sin(2 * np.pi * hertz * np.arange(7 * 24_000) / 24_000))
        soundfile.write(folder / f"{name}.wav", sound, 24_000)
        consent = {"speaker": name, "statement": "Yes.", "date": "2026-01-31"}
        (folder / f"{name}.consent.json").write_text(json.dumps(consent))
    return folder.name


@pytest.fixture(scope="module")
def engine(models: Path, voices: str) -> CoquiEngine:
    made = CoquiEngine(models, voices=voices, is_license_accepted=True)
    made.load()
    return made


def spoken(engine: CoquiEngine, text: str, voice: int = 0, language: str = "en", speed: float = 1) -> Any:
    return engine.speak(text, engine.voices[voice], language, speed)


def test_voices_are_the_built_in_speakers_and_the_references(engine: CoquiEngine) -> None:
    assert [voice.id for voice in engine.voices] == [
        "claribel-dervla",
        "damien-black",
        "camilla-holmstrom",
        "ada",
        "bob",
    ]
    assert engine.voices[2].description == f"{SPEAKERS[2]}, of XTTS v2"
    assert engine.voices[3].description == "Cloned from ada, with consent"
    assert all(len(voice.languages) == 17 and voice.languages[0] == "en" for voice in engine.voices)
    assert {len(code) for voice in engine.voices for code in voice.languages} == {2}


def test_each_of_openais_voices_is_one_that_is_there(engine: CoquiEngine) -> None:
    ids = {voice.id for voice in engine.voices}
    assert ids.issuperset(engine.aliases.values())
    assert (engine.aliases["ash"], engine.aliases["alloy"]) == ("damien-black", "claribel-dervla")


def test_speech_is_finite_samples_of_24_khz_without_a_click_at_the_ends(engine: CoquiEngine) -> None:
    samples = spoken(engine, TEXT)
    assert (samples.dtype, samples.ndim, engine.sample_rate) == (np.float32, 1, 24_000)
    assert len(samples) > 1000
    assert np.abs(samples).max() <= 1
    assert np.abs(samples).max() > 0
    assert (samples[0], abs(samples[-1])) == (0, pytest.approx(0, abs=1e-4))


def test_the_same_request_has_the_same_answer_whatever_came_before(engine: CoquiEngine) -> None:
    first = spoken(engine, TEXT)
    other = spoken(engine, "Another text", 1)
    assert np.array_equal(spoken(engine, TEXT), first)
    assert not np.array_equal(other[:500], first[:500])


def test_voices_differ_and_a_clone_follows_its_reference(engine: CoquiEngine) -> None:
    begins = [spoken(engine, TEXT, voice)[:1000] for voice in (0, 1, 3, 4)]
    for place, begin in enumerate(begins):
        assert not any(np.allclose(begin, other, atol=1e-6) for other in begins[:place])


def test_speed_is_the_length_of_the_result(engine: CoquiEngine) -> None:
    usual = len(spoken(engine, TEXT))
    assert len(spoken(engine, TEXT, speed=4)) == round(usual / 4)
    assert len(spoken(engine, TEXT, speed=0.25)) == usual * 4


@pytest.mark.parametrize("language", ["en", "zh", "ja", "ko", "ru"])
def test_each_piece_is_within_the_limit_of_its_language(
    engine: CoquiEngine, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    texts = {
        "zh": "你好世界\N{FULLWIDTH COMMA}",
        "ja": "こんにちは、世界。",
        "ko": "안녕하세요 ",
        "ru": "привет ",
    }
    text = texts.get(language, "hello, ") * 80
    heard: list[str] = []

    def inference(piece: str, *_: Any, **__: Any) -> dict[str, Any]:
        heard.append(piece)
        return {"wav": np.sin(np.arange(2400) * 0.05), "gpt_latents": np.zeros((1, 1, 1))}

    monkeypatch.setattr(engine._model, "inference", inference)
    samples = spoken(engine, text, language=language)
    assert len(heard) > 2
    # 0.12 s between two pieces.
    assert len(samples) == 2400 * len(heard) + 2880 * (len(heard) - 1)
    tokenizer = engine._model.tokenizer
    assert max(map(len, heard)) <= tokenizer.char_limits[language]
    most = engine._model.args.gpt_max_text_tokens
    assert max(len(tokenizer.encode(piece, lang=language)) for piece in heard) < most
    assert "".join(heard).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("…", "en", "no letter or digit"),
        ("\N{GRINNING FACE}", "en", "no letter or digit"),
        ("नमस्ते", "hi", "no letter or digit"),
        ("नमस्ते", "en", "no letter or digit"),
        ("1" * 60, "cs", "cannot be read in the language 'cs'"),
    ],
)
def test_a_text_that_cannot_be_spoken_is_the_callers_fault(
    engine: CoquiEngine, text: str, language: str, words: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        spoken(engine, text, language=language)
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("text", "language", "silent"),
    [
        ("Hello, 5 % of it!", "en", ""),
        ("Wow \N{GRINNING FACE}\N{GRINNING FACE} नo", "en", "\N{GRINNING FACE}न"),
        ("你好\N{GRINNING FACE}", "zh", "\N{GRINNING FACE}"),
        ("こんにちは\N{GRINNING FACE}", "ja", "\N{GRINNING FACE}"),
        ("안녕 привет", "ko", ""),
    ],
)
def test_what_the_model_has_no_tokens_for_is_left_out(
    engine: CoquiEngine, monkeypatch: pytest.MonkeyPatch, text: str, language: str, silent: str
) -> None:
    heard: list[str] = []

    def inference(piece: str, *_: Any, **__: Any) -> dict[str, Any]:
        heard.append(piece)
        return {"wav": np.ones(100), "gpt_latents": np.zeros((1, 1, 1))}

    monkeypatch.setattr(engine._model, "inference", inference)
    assert engine.unspeakable(text, language) == silent
    spoken(engine, text, language=language)
    assert heard == ["".join(character for character in text if character not in silent).strip()]


@pytest.mark.parametrize("wav", [np.zeros(0), np.zeros(9), np.full(10, np.nan), np.array([0.0, np.inf])])
def test_samples_that_are_none_are_an_error(
    engine: CoquiEngine, monkeypatch: pytest.MonkeyPatch, wav: Any
) -> None:
    made = {"wav": wav, "gpt_latents": np.zeros((1, 1, 1))}
    monkeypatch.setattr(engine._model, "inference", lambda *_, **__: made)
    with pytest.raises(InternalError, match="no finite numbers"):
        spoken(engine, TEXT)


def test_a_speech_without_an_end_is_tried_again_and_then_kept(
    engine: CoquiEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    bias = engine._model.gpt.mel_head.bias
    stop = engine._model.args.gpt_stop_audio_token
    seeds: list[int] = []
    seed = torch.manual_seed
    monkeypatch.setattr(torch, "manual_seed", lambda number: (seeds.append(number), seed(number)))
    before = bias[stop].item()
    try:
        with torch.no_grad():
            bias[stop] = -100
        with caplog.at_level(logging.WARNING):
            samples = spoken(engine, "one two")
    finally:
        with torch.no_grad():
            bias[stop] = before
    assert seeds == [0, 1, 2]
    assert "without an end" in caplog.text
    assert "one" not in caplog.text.replace("engine", "")
    assert len(samples) > engine._model.gpt.max_gen_mel_tokens * 1000


def health(engine: CoquiEngine, folder: Path) -> dict[str, Any]:
    service = ModelService(ServiceSettings(port=0, tmpdir=folder), engine, Metrics("coqui"))
    asyncio.run(service.load())
    service.close()
    return health_of("speech", service, Response())


def test_the_service_shows_license_voices_and_speaks(
    engine: CoquiEngine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "load", lambda: None)
    with served(create_app(settings, engine)) as url:
        wait_until(lambda: answers_ok(url), "the model has loaded")
        shown = httpx.get(f"{url}/v1/audio/voices").json()
        body = {"model": "xtts-v2", "input": "Yes.", "voice": "ash", "response_format": "wav"}
        answer = httpx.post(f"{url}/v1/audio/speech", json=body, timeout=120)
    assert "non-commercial" in shown["license"]
    assert shown["voices"][1]["aliases"] == ["ash"]
    assert (answer.status_code, answer.content[:4]) == (200, b"RIFF")


def test_the_engine_is_chosen_by_the_settings(settings: Settings) -> None:
    made = make_engine(settings.model_copy(update={"speech_engine": "coqui", "speech_model": "xtts-v2"}))
    assert (made.name, made.model) == ("coqui", "xtts-v2")
    with pytest.raises(ModelMissingError, match="License"):
        made.load()
    accepted = {"speech_engine": "coqui", "speech_license": "accepted", "speech_voices": "ours"}
    with pytest.raises(ModelMissingError, match="ours"):
        make_engine(settings.model_copy(update=accepted)).load()


def test_the_license_must_be_accepted_before_anything_is_read(tmp_path: Path) -> None:
    engine = CoquiEngine(tmp_path / "nothing")
    shown = health(engine, tmp_path)
    assert shown["status"] == "failed"
    for words in ("Coqui Public Model License", "acceptSpeechLicense", "SPEECH_LICENSE=accepted"):
        assert words in shown["error"]
    assert engine.license is not None
    assert "non-commercial" in engine.license


def test_a_reference_without_consent_fails_the_load(models: Path, tmp_path: Path, voices: str) -> None:
    copied = tmp_path / voices
    shutil.copytree(models / voices, copied)
    (copied / "bob.consent.json").unlink()
    (tmp_path / "xtts-v2").symlink_to(models / "xtts-v2")
    shown = health(CoquiEngine(tmp_path, voices=voices, is_license_accepted=True), tmp_path)
    assert shown["status"] == "failed"
    assert "'bob' has no valid consent" in shown["error"]
    assert "bob.consent.json is missing" in shown["error"]


def test_a_clone_must_not_take_the_name_of_a_speaker(engine: CoquiEngine) -> None:
    from spotscribe_speech.engines.coqui.speakers import by_id

    one = engine._speakers["ada"]
    with pytest.raises(ModelMissingError, match="two voices 'ada'"):
        by_id([one, one])
