"""The engine `espeak-ng`: a text is a text, whatever is in it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from spotscribe_common.errors import InvalidRequestError, ModelMissingError
from spotscribe_speech.engines.espeak import EspeakEngine

RATE = 22_050


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    made = EspeakEngine()
    made.load()
    return made


def seconds(engine: EspeakEngine, text: str, speed: float = 1.0, voice: int = 0) -> float:
    chosen = engine.voices[voice]
    return engine.speak(text, chosen, chosen.languages[0], speed).size / RATE


def test_a_sentence_is_samples_without_silence_around_them(engine: EspeakEngine) -> None:
    samples = engine.speak("Hello there.", engine.voices[0], "en", 1.0)
    assert samples.dtype == np.float32
    assert 0.4 < samples.size / RATE < 2
    assert np.abs(samples).max() <= 1
    edge = RATE // 10
    assert np.abs(samples[:edge]).max() > 0.005
    assert np.abs(samples[-edge:]).max() > 0.005


@pytest.mark.parametrize("speed", [0.25, 0.4, 0.5, 2.0, 4.0])
def test_speed_is_a_factor(engine: EspeakEngine, speed: float) -> None:
    text = "The quick brown fox jumps over the lazy dog, and runs away into the woods."
    assert seconds(engine, text, speed) == pytest.approx(seconds(engine, text) / speed, rel=0.3)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        # Names of phonemes, a command, SSML and options: all are read as they stand.
        ("say [[h@l'oU]] now", "say [ [h@l'oU] ] now"),
        ("say [[[[x]]]] now", "say [ [ [ [x] ] ] ] now"),
        ("one \x01800P two", "one 800P two"),
        ("one\x00two", "one two"),
        ("one\ntwo", "one two"),
    ],
)
def test_what_means_something_to_the_program_is_text(engine: EspeakEngine, text: str, same: str) -> None:
    voice = engine.voices[0]
    assert np.array_equal(engine.speak(text, voice, "en", 1), engine.speak(same, voice, "en", 1))


def test_phoneme_names_are_longer_than_the_word_that_they_would_be(engine: EspeakEngine) -> None:
    assert seconds(engine, "[[h@l'oU]]") > 1.5 * seconds(engine, "hello")


def test_an_option_is_spoken(engine: EspeakEngine) -> None:
    assert seconds(engine, "--version -v de -f /etc/passwd") > 2


def test_markup_is_no_command(engine: EspeakEngine) -> None:
    # As SSML it would be five seconds of silence.
    assert seconds(engine, '<speak>a<break time="9s"/>b</speak>') < 9


@pytest.mark.parametrize("text", ["", " ", "\x01\x02", "\u200b"])
def test_nothing_to_say_is_refused(engine: EspeakEngine, text: str) -> None:
    with pytest.raises(InvalidRequestError):
        seconds(engine, text)


def test_a_long_text_is_spoken_whole(engine: EspeakEngine) -> None:
    short, long = seconds(engine, "one two " * 100, 4.0), seconds(engine, "one two " * 1000, 4.0)
    assert long == pytest.approx(10 * short, rel=0.1)


def test_every_voice_speaks(engine: EspeakEngine) -> None:
    for index in range(len(engine.voices)):
        assert seconds(engine, "1 2 3", voice=index) > 0.2
    assert {engine.aliases[name] for name in engine.aliases} <= {voice.id for voice in engine.voices}


def test_a_missing_program_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shutil.which("espeak-ng") is not None, "run scripts/setup.sh --python"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ModelMissingError, match="apt-get install espeak-ng"):
        EspeakEngine().load()
