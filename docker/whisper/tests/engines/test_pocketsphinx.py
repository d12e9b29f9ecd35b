"""The laptop's engine: real words of real recordings."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Samples
from spotscribe_audio.speech.recogniser import parted_at_pauses, words_of
from spotscribe_common.errors import CancelledWorkError, InternalError
from spotscribe_testing.places import SAMPLE, sample_words
from spotscribe_whisper.engines.engine import Heard, Hearing
from spotscribe_whisper.engines.pocketsphinx import PocketsphinxEngine

HUMAN = Path("/usr/share/sounds/alsa")


@pytest.fixture(scope="module")
def engine() -> Iterator[PocketsphinxEngine]:
    made = PocketsphinxEngine()
    made.load()
    yield made
    made.close()


def samples_of(path: Path, scratch: Path) -> Samples:
    with path.open("rb") as file:
        pcm = asyncio.run(decode(file, max_seconds=60, scratch=scratch))
    samples = pcm.read(0, pcm.duration)
    pcm.close()
    return samples


def hear(engine: PocketsphinxEngine, samples: Samples) -> Heard:
    return engine.hear(samples, Hearing("en"), lambda: False)


def words(heard: Heard) -> list[str]:
    return [word.text for segment in heard.segments for word in segment.words]


def test_the_sample_is_heard_word_for_word_with_times_in_its_pauses(
    engine: PocketsphinxEngine, tmp_path: Path
) -> None:
    heard = hear(engine, samples_of(SAMPLE, tmp_path))
    assert words(heard) == sample_words()
    assert [segment.text.split()[0] for segment in heard.segments] == [
        "good",
        "we",
        "it",
        "go",
        "the",
        "when",
    ]
    times = [time for segment in heard.segments for word in segment.words for time in (word.start, word.end)]
    assert times == sorted(times, key=lambda time: -1.0 if time is None else time)
    assert None not in times


@pytest.mark.skipif(not HUMAN.is_dir(), reason="the package alsa-utils is not installed")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # A human voice, one and a half seconds each. What is not exact is left to what is right in it.
        ("Front_Right", ["front", "right"]),
        ("Side_Right", ["side", "right"]),
        ("Front_Center", ["center"]),
        ("Front_Left", ["left"]),
        ("Rear_Center", ["center"]),
        ("Rear_Left", ["left"]),
        ("Rear_Right", ["right"]),
        ("Side_Left", ["left"]),
    ],
)
def test_recordings_of_a_human_voice_are_heard(
    name: str, expected: list[str], engine: PocketsphinxEngine, tmp_path: Path
) -> None:
    heard = words(hear(engine, samples_of(HUMAN / f"{name}.wav", tmp_path)))
    assert heard[-len(expected) :] == expected


def test_silence_and_noise_hold_no_words(engine: PocketsphinxEngine) -> None:
    noise = (np.random.default_rng(1).standard_normal(48_000) * 300).astype(np.int16)
    assert words(hear(engine, np.zeros(16_000, dtype=np.int16))) == []
    assert words(hear(engine, noise)) == []
    assert words(hear(engine, np.zeros(0, dtype=np.int16))) == []


def test_what_was_heard_before_changes_nothing(engine: PocketsphinxEngine, tmp_path: Path) -> None:
    samples = samples_of(SAMPLE, tmp_path)
    first = hear(engine, samples)
    hear(engine, (samples // 8).astype(np.int16))
    assert hear(engine, samples).segments == first.segments


def test_a_cancelled_window_is_left_at_once_and_the_next_is_heard_whole(
    engine: PocketsphinxEngine, tmp_path: Path
) -> None:
    samples = samples_of(SAMPLE, tmp_path)
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(len(asked))
        return len(asked) >= 3

    with pytest.raises(CancelledWorkError):
        engine.hear(samples, Hearing("en"), cancelled)
    assert len(asked) == 3
    assert words(hear(engine, samples)) == sample_words()


def test_a_recogniser_that_dies_is_an_error_of_ours_and_is_replaced(
    engine: PocketsphinxEngine, tmp_path: Path
) -> None:
    samples = samples_of(SAMPLE, tmp_path)
    process = engine._recogniser._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(InternalError, match="has ended"):
        hear(engine, samples)
    assert words(hear(engine, samples)) == sample_words()


def test_fillers_go_and_alternative_pronunciations_are_one_word() -> None:
    entries = [
        ("<s>", 0, 9),
        ("The(2)", 10, 19),
        ("++NOISE++", 20, 29),
        ("[SPEECH]", 30, 39),
        ("<sil>", 40, 89),
        ("(parenthesis", 90, 99),
        ("</s>", 100, 101),
    ]
    assert [(word.text, word.start, word.end) for word in words_of(entries)] == [
        ("the", 0.1, 0.2),
        ("(parenthesis", 0.9, 1.0),
    ]
    groups = parted_at_pauses(words_of(entries))
    assert [[word.text for word in group] for group in groups] == [["the"], ["(parenthesis"]]
