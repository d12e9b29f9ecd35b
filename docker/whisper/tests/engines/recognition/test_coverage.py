"""Speech without words is found by where the words are, and by how long they last."""

import numpy as np
import pytest

from spotscribe_whisper.engines.engine import HeardWord
from spotscribe_whisper.engines.recognition.attention import words_of
from spotscribe_whisper.engines.recognition.chunks import Chunk, find_chunks
from spotscribe_whisper.engines.recognition.coverage import find_holes

RATE = 16_000


def chunk(*speech: tuple[float, float], seconds: float = 20.0) -> Chunk:
    return Chunk(100.0, np.zeros(round(seconds * RATE), np.float32), speech)


def parts(*times: tuple[float, float]) -> list[HeardWord]:
    return [HeardWord(f" w{at}", start, end, 0.9) for at, (start, end) in enumerate(times)]


def steady(first: float, last: float) -> list[tuple[float, float]]:
    """Words of 0.4 s."""
    return [(at, at + 0.4) for at in np.arange(first, last - 0.2, 0.4).tolist()]


@pytest.mark.parametrize(
    ("speech", "times", "expected"),
    [
        ([(0, 20)], steady(0, 20), []),
        # The decoder stopped early.
        ([(0, 20)], steady(0, 8), [(8, 20)]),
        # There are no words at the beginning, nor between two words.
        ([(0, 20)], [*steady(3.2, 8), *steady(12, 20)], [(0, 3.2), (8, 12)]),
        # The last word of a pause's speech takes all of what is missing.
        ([(0, 20)], [*steady(0, 8), (8.0, 12.0), *steady(12, 20)], [(8.5, 12)]),
        # Nobody speaks there.
        ([(0, 8), (12, 20)], [*steady(0, 8), *steady(12, 20)], []),
        ([(0, 8), (12, 20)], [*steady(0, 7.8), (7.6, 12.2), *steady(12, 20)], []),
        # A breath, or an inexact time.
        ([(0, 20)], [*steady(0, 8), *steady(9.5, 20)], []),
        ([(0, 20)], [], [(0, 20)]),
    ],
)
def test_holes(
    speech: list[tuple[float, float]],
    times: list[tuple[float, float]],
    expected: list[tuple[float, float]],
) -> None:
    found = find_holes(chunk(*speech), parts(*times))
    assert [(round(hole.start, 1), round(hole.end, 1)) for hole in found] == expected


def test_words_get_their_punctuation_and_lose_the_silence_around_them() -> None:
    located = [
        HeardWord(" Cold", 0.0, 1.0, 0.8),
        HeardWord("-hearted", 1.0, 1.4, 0.6),
        HeardWord(",", 1.4, 2.4, 0.5),
        HeardWord(" yes", 2.4, 3.0, 0.9),
    ]
    words = words_of(located, chunk((0.5, 1.5), (2.6, 3.5)), "en")
    assert [(word.text, word.start, word.end) for word in words] == [
        ("Cold-hearted,", 0.5, 1.5), ("yes", 2.6, 3.0),
    ]  # fmt: skip
    assert words[0].score == pytest.approx((0.8 + 0.6 + 0.5) / 3)


def test_each_character_is_a_word_where_there_are_no_spaces() -> None:
    located = [HeardWord("你", 0.0, 0.5, 0.8), HeardWord("好", 0.5, 1.0, 0.6), HeardWord("。", 1.0, 1.2, 0.5)]
    assert [word.text for word in words_of(located, chunk((0, 2)), "zh")] == ["你", "好。"]


class Detector:
    """As whisperX's, with known speech."""

    def __init__(self, *merged: tuple[float, float]) -> None:
        self.merged = merged

    def preprocess_audio(self, audio: object) -> object:
        return audio

    def __call__(self, _: object) -> None:
        return None

    def merge_chunks(self, _: object, __: float, **___: float) -> list[dict[str, object]]:
        return [{"start": start, "end": end, "segments": [(start, end)]} for start, end in self.merged]


def test_chunks_hold_a_margin_around_the_speech_but_not_each_others_and_not_more_than_whisper_hears() -> None:
    audio = np.zeros(80 * RATE, np.float32)
    found = find_chunks(Detector((0.1, 10.0), (10.2, 20.0), (25.0, 55.0), (60.0, 79.9)), audio)
    spans = [(round(each.start, 2), round(each.start + each.seconds, 2)) for each in found]
    assert spans == [(0.0, 10.1), (10.1, 20.25), (25.0, 55.0), (59.75, 80.0)]
    assert [round(start, 2) for start, _ in (each.speech[0] for each in found)] == [0.1, 0.1, 0.0, 0.25]


def test_a_part_of_a_chunk_has_its_speech() -> None:
    part = chunk((1, 4), (6, 9)).part(3.0, 7.0)
    assert (part.start, part.seconds) == (103.0, 4.0)
    assert [tuple(each) for each in part.speech] == [(0, 1), (3, 4)]
