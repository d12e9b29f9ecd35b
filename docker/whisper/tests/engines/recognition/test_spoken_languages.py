"""Speech is divided by language: uncertain pieces take a neighbor's, and those of one language are joined."""

from collections.abc import Sequence

import numpy as np
import pytest

from spotscribe_whisper.engines.recognition.chunks import Chunk, Speech, Stretch
from spotscribe_whisper.engines.recognition.spoken_languages import (
    Guess,
    at_pauses,
    by_language,
    chunks_by_language,
    smoothed,
)

RATE = 16_000


def german(probability: float, speech: float = 8.0) -> Guess:
    return Guess({"en": 1 - probability, "de": probability, "fr": 0.0}, speech)


@pytest.mark.parametrize(
    ("guesses", "languages"),
    [
        ([german(0.9), german(0.1)], "de en"),
        # Too little speech, and no probable language: the neighbors agree.
        ([german(0.9), german(0.1, speech=1.9), german(0.9)], "de de de"),
        ([german(0.9), german(0.45), german(0.9)], "de de de"),
        ([german(0.9), german(0.1, speech=2.0), german(0.9)], "de en de"),
        ([german(0.9), german(0.39), german(0.9)], "de en de"),
        # Between two languages, the more probable one; of equal ones, the first.
        ([german(0.9), german(0.45), german(0.1)], "de en en"),
        ([german(0.9), german(0.55), german(0.1)], "de de en"),
        ([german(0.9), german(0.5), german(0.1)], "de de en"),
        # At an edge there is one neighbor. Several in a row have the same.
        ([german(0.1, speech=1), german(0.5), german(0.9)], "de de de"),
        ([german(0.9), german(0.5), german(0.1, speech=1)], "de de de"),
        ([german(0.1, speech=1), german(0.9, speech=1)], "fr fr"),
        ([], ""),
    ],
)
def test_an_uncertain_piece_takes_a_neighbors_language(guesses: list[Guess], languages: str) -> None:
    assert smoothed(guesses, "fr") == languages.split()


def test_a_long_pause_ends_a_piece() -> None:
    group = [(0.0, 2.0), (2.5, 4.0), (5.0, 6.0), (6.9, 8.0)]
    assert at_pauses(group) == [[(0.0, 2.0), (2.5, 4.0)], [(5.0, 6.0), (6.9, 8.0)]]


def test_speech_is_cut_where_the_language_changes_and_joined_where_it_does_not() -> None:
    groups = [[(0.0, 4.0), (5.0, 9.0)], [(10.0, 18.0)], [(18.0, 26.0)], [(27.0, 36.0)], [(37.0, 40.0)]]
    # The third and the second group are one stretch: people speak without a pause.
    stretches = [(0.0, 4.0), (5.0, 9.0), (10.0, 26.0), (27.0, 36.0), (37.0, 40.0)]
    assert by_language(groups, ["en", "en", "de", "de", "en"], stretches) == [
        ("en", [(0.0, 4.0), (5.0, 9.0), (10.0, 18.0)]),
        ("de", [(18.0, 26.0), (27.0, 36.0)]),
        ("en", [(37.0, 40.0)]),
    ]


def test_a_group_of_one_language_is_not_longer_than_whisper_hears() -> None:
    groups = [[(at * 10.0, at * 10.0 + 9.0)] for at in range(5)]
    found = by_language(groups, ["en"] * 5, [group[0] for group in groups])
    assert [(group[0][0], group[-1][1]) for _, group in found] == [(0.0, 29.0), (30.0, 49.0)]


class Detector:
    """As whisperX's, with known stretches of speech: longer ones than wanted are divided in two."""

    def __init__(self, *stretches: Stretch) -> None:
        self.stretches = stretches

    def preprocess_audio(self, audio: object) -> object:
        return audio

    def __call__(self, _: object) -> None:
        return None

    def merge_chunks(self, _: object, longest: float, **__: float) -> list[dict[str, object]]:
        groups: list[list[Stretch]] = []
        for start, end in self.stretches:
            middle = (start + end) / 2
            parts = [(start, end)] if end - start <= longest else [(start, middle), (middle, end)]
            for part in parts:
                if groups and part[1] - groups[-1][0][0] <= longest:
                    groups[-1].append(part)
                else:
                    groups.append([part])
        return [{"start": each[0][0], "end": each[-1][1], "segments": each} for each in groups]


def spans(chunks: Sequence[Chunk]) -> list[tuple[float, float]]:
    return [(round(each.start, 2), round(each.start + each.seconds, 2)) for each in chunks]


def divided(detector: Detector, languages: str) -> dict[str, list[tuple[float, float]]]:
    odds = iter(german(0.9 if code == "de" else 0.1).odds for code in languages.split())
    speech = Speech(detector, np.zeros(60 * RATE, np.float32))
    found = chunks_by_language(speech, lambda chunks: [next(odds) for _ in chunks], "fr")
    assert next(odds, None) is None, "a piece was not asked about"
    return {code: spans(chunks) for code, chunks in found.items()}


def test_each_language_has_its_chunks_in_order_of_time() -> None:
    detector = Detector((1.0, 9.0), (10.0, 19.0), (20.0, 28.0), (30.0, 39.0), (40.0, 49.0))
    assert divided(detector, "en de de en en") == {
        "en": [(0.75, 9.25), (29.75, 49.25)],
        "de": [(9.75, 28.25)],
    }


def test_with_one_language_the_chunks_are_the_ordinary_ones() -> None:
    """Short pieces may end in the middle of a word. Where no language changes, that must not matter."""
    detector = Detector((1.0, 19.0), (20.0, 29.0), (30.0, 49.0))
    speech = Speech(detector, np.zeros(60 * RATE, np.float32))
    assert divided(detector, "de de de de de") == {"de": spans(speech.chunks(speech.groups()))}


def test_no_speech_has_no_language() -> None:
    assert divided(Detector(), "") == {}
