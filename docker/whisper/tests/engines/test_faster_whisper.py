"""The laptop's engine: real words of real recordings."""

from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import Samples
from spotscribe_audio.speech.recogniser import RecognisedPart, Recognition
from spotscribe_common.errors import CancelledWorkError
from spotscribe_testing.media import samples_of
from spotscribe_testing.places import ROOT, SAMPLE, plain_words, sample_words
from spotscribe_whisper.engines.engine import Doubt, Heard, Hearing
from spotscribe_whisper.engines.faster_whisper import FasterWhisperEngine, heard_in
from spotscribe_whisper.engines.whisper_model import ABILITIES

HUMAN = ROOT / "test" / "fixtures" / "speech"
ENGLISH = Hearing("en")
ALSA = Path("/usr/share/sounds/alsa")


@pytest.fixture(scope="module")
def engine() -> FasterWhisperEngine:
    made = FasterWhisperEngine()
    made.load()
    return made


@pytest.fixture(scope="module")
def sample() -> Samples:
    return samples_of(SAMPLE)


def hear(engine: FasterWhisperEngine, samples: Samples, how: Hearing = ENGLISH) -> Heard:
    return engine.hear(samples, how, lambda: False)


def text(heard: Heard) -> str:
    return " ".join(segment.text for segment in heard.segments)


def test_the_sample_is_heard_word_for_word_in_sentences_with_times(
    engine: FasterWhisperEngine, sample: Samples
) -> None:
    heard = hear(engine, sample)
    assert plain_words(text(heard)) == sample_words()
    assert [segment.text.split()[0] for segment in heard.segments] == [
        "Good", "We", "It", "Go", "The", "When",
    ]  # fmt: skip
    times = [
        -1.0 if time is None else time
        for segment in heard.segments
        for word in segment.words
        for time in (word.start, word.end)
    ]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] <= len(sample) / 16_000
    for segment in heard.segments:
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert all(0 < (word.score or 0) <= 1 for word in segment.words)
    # The pause before the fourth sentence belongs to none of its words.
    assert heard.segments[3].start - heard.segments[2].end > 0.3
    assert (heard.doubts, heard.degraded) == ([], [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "LJ001-0004.flac",
            "produced the block books which were the immediate predecessors of the true printed book",
        ),
        ("austen-0930.opus", "he might even have been made amiable himself"),
        ("austen-0890.opus", "unless to be rather cold hearted and rather selfish is to be ill disposed"),
    ],
)
def test_people_are_heard(name: str, expected: str, engine: FasterWhisperEngine) -> None:
    found = " ".join(plain_words(text(hear(engine, samples_of(HUMAN / name)))))
    # Arithmetic in eight bits differs by processor, and with it some words.
    assert SequenceMatcher(None, found, expected, autojunk=False).ratio() > 0.9


def test_the_demos_readers_are_heard(engine: FasterWhisperEngine) -> None:
    said = plain_words((ROOT / "samples" / "two-readers.txt").read_text())
    heard = hear(engine, samples_of(ROOT / "samples" / "two-readers.opus"))
    letters = "".join(said), "".join(plain_words(text(heard)))
    assert SequenceMatcher(None, *letters, autojunk=False).ratio() > 0.95
    assert len(heard.segments) == 3


@pytest.mark.skipif(not ALSA.is_dir(), reason="the package alsa-utils is not installed")
@pytest.mark.parametrize("side", ["Center", "Left", "Right"])
def test_two_words_are_heard_by_themselves(side: str, engine: FasterWhisperEngine) -> None:
    heard = hear(engine, samples_of(ALSA / f"Front_{side}.wav"))
    assert plain_words(text(heard)) == ["front", side.lower()]


def test_silence_and_noise_hold_no_words(engine: FasterWhisperEngine) -> None:
    noise = (np.random.default_rng(1).standard_normal(48_000) * 300).astype(np.int16)
    assert hear(engine, np.zeros(16_000, dtype=np.int16)).segments == []
    assert hear(engine, noise).segments == []
    assert hear(engine, np.zeros(0, dtype=np.int16)).segments == []


def test_faint_speech_is_heard(engine: FasterWhisperEngine, sample: Samples) -> None:
    assert plain_words(text(hear(engine, (sample // 600).astype(np.int16)))) == sample_words()


def test_what_was_heard_before_changes_nothing(engine: FasterWhisperEngine, sample: Samples) -> None:
    first = hear(engine, sample)
    hear(engine, samples_of(HUMAN / "LJ001-0008.flac"), Hearing("en", prompt="Books.", hotwords="Gutenberg"))
    assert hear(engine, sample).segments == first.segments


def test_a_cancelled_window_is_left_between_two_steps_and_the_next_is_heard_whole(
    engine: FasterWhisperEngine, sample: Samples
) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(len(asked))
        return len(asked) >= 3

    with pytest.raises(CancelledWorkError):
        engine.hear(sample, Hearing("en"), cancelled)
    assert len(asked) == 3
    assert plain_words(text(hear(engine, sample))) == sample_words()


def test_hotwords_and_a_prompt_change_how_names_are_written(engine: FasterWhisperEngine) -> None:
    samples = samples_of(HUMAN / "LJ001-0007.flac")
    assert "Gutenberg" not in text(hear(engine, samples))
    assert "Gutenberg" in text(hear(engine, samples, Hearing("en", hotwords="Gutenberg")))
    assert "Gutenberg" in text(hear(engine, samples, Hearing("en", prompt="Gutenberg printed a Bible.")))


def test_a_context_that_is_too_long_is_cut_and_reported(engine: FasterWhisperEngine) -> None:
    short = samples_of(HUMAN / "LJ001-0008.flac")
    heard = hear(engine, short, Hearing("en", hotwords=" ".join(f"type{number}" for number in range(200))))
    (loss,) = heard.degraded
    assert loss.stage == "transcript"
    assert "the first 223 were used." in loss.reason


def test_it_is_an_english_model_with_its_own_tokens(engine: FasterWhisperEngine) -> None:
    assert engine.languages() == {"en": "english"}
    assert engine.abilities == ABILITIES - {"translate"}
    assert engine.model == "tiny.en"
    assert len(engine.tokens(" Good morning")) == 2


def test_speech_without_words_is_doubtful_and_so_is_a_text_that_repeats_itself() -> None:
    audio = np.zeros(16_000 * 10, dtype=np.float32)
    assert heard_in(Recognition(speech=[(2.0, 6.0)]), audio).doubts == [Doubt("missing", 0.0, 10.0)]
    parts = [RecognisedPart(" no", at / 2, at / 2 + 0.5, 0.9) for at in range(20)]
    looped = heard_in(Recognition(parts, [(0.0, 10.0)], avg_logprob=-0.2), audio)
    assert looped.doubts == [Doubt("repeated", 0.0, 10.0)]
    improbable = heard_in(Recognition(parts[:2], [(0.0, 1.0)], avg_logprob=-1.2), audio[:16_000])
    assert improbable.doubts == [Doubt("uncertain", 0.0, 1.0)]
