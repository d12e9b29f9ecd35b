"""Every word has times: measured, or interpolated and marked."""

import math

import numpy as np
import pytest

from spotscribe_whisper.engines.engine import HeardSegment, HeardWord
from spotscribe_whisper.engines.whisperx_words import add_located, heard_segments
from spotscribe_whisper.words import placed_words, to_segment

# Seconds: no segment before, and audio that is long enough.
WITHIN = (0.0, 10_000.0)
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz'")


def segment(*words: HeardWord, start: float = 1.0, end: float = 5.0) -> HeardSegment:
    return HeardSegment(start, end, " ".join(word.text for word in words), list(words))


def times(heard: HeardSegment) -> list[tuple[str, float, float, bool | None]]:
    return [(w.word, round(w.start, 3), round(w.end, 3), w.interpolated) for w in placed_words(heard)]


def test_nothing_ends_after_the_audio() -> None:
    """Engines count in frames, of which the last one may reach past the end."""
    heard = segment(HeardWord("hi", 1.25, 1.5), HeardWord("there", 4.9, 5.4), start=1.0, end=5.5)
    placed = to_segment(heard, 0, 10.0, (0.0, 15.0))
    assert (placed.end, placed.words[-1].start, placed.words[-1].end) == (15.0, 14.9, 15.0)


def test_words_without_times_share_the_gap_by_their_length() -> None:
    heard = segment(
        HeardWord("take", 1.0, 1.4, 0.9),
        HeardWord("25", None, None),
        HeardWord("1000", None, None),
        HeardWord("units", 2.6, 3.0, 0.8),
    )
    assert times(heard) == [
        ("take", 1.0, 1.4, None),
        ("25", 1.4, 1.8, True),
        ("1000", 1.8, 2.6, True),
        ("units", 2.6, 3.0, None),
    ]


def test_words_without_times_at_the_ends_reach_to_the_segments_ends() -> None:
    heard = segment(HeardWord("7", None, None), HeardWord("days", 2.0, 2.5), HeardWord("9", None, None))
    assert times(heard) == [("7", 1.0, 2.0, True), ("days", 2.0, 2.5, None), ("9", 2.5, 5.0, True)]


def test_a_segment_without_any_times_is_shared_by_all_its_words() -> None:
    assert times(segment(HeardWord("1", None, None), HeardWord("2", None, None))) == [
        ("1", 1.0, 3.0, True),
        ("2", 3.0, 5.0, True),
    ]


def test_times_never_run_backwards_where_neighbours_overlap() -> None:
    heard = segment(HeardWord("a", 1.0, 2.0), HeardWord("1", None, None), HeardWord("b", 1.9, 2.4))
    assert times(heard)[1] == ("1", 2.0, 2.0, True)


def test_a_segment_is_moved_to_its_place_in_the_whole() -> None:
    moved = to_segment(segment(HeardWord("hi", 1.25, 1.5, 0.87654)), 3, 600.1234, WITHIN)
    assert (moved.id, moved.start, moved.end, moved.text) == (3, 601.123, 605.123, "hi")
    assert moved.words[0].model_dump(exclude_none=True) == {
        "word": "hi", "start": 601.373, "end": 601.623, "score": 0.877,
    }  # fmt: skip


def test_numpys_numbers_become_plain_ones() -> None:
    found = heard_segments(
        [
            {
                "start": np.float64(0.5),
                "end": np.float64(1.5),
                "text": " hi ",
                "words": [
                    {"word": "hi", "start": np.float32(0.5), "end": np.float32(1.5), "score": np.float64(0.5)}
                ],
            }
        ],
        LETTERS,
        "en",
    )
    word = found[0].words[0]
    assert {type(value) for value in (found[0].start, found[0].end, word.start, word.end, word.score)} == {
        float
    }
    moved = to_segment(found[0], 0, 0, WITHIN).to_json()
    assert moved.startswith('{"id":0,"start":0.5,"end":1.5,"text":"hi"')


@pytest.mark.parametrize(
    "word",
    [
        {"word": "250", "start": 0.5, "end": 0.9, "score": 0.3},
        {"word": "hi", "start": 0.5, "end": 0.9},
        {"word": "hi", "start": 0.5, "end": 0.9, "score": math.nan},
        {"word": "250"},
    ],
    ids=["unknown-characters", "filled-from-a-neighbour", "no-score", "no-times"],
)
def test_a_word_that_was_only_guessed_has_no_times(word: dict[str, object]) -> None:
    found = heard_segments([{"start": 0.4, "end": 2.0, "text": "x", "words": [word]}], LETTERS, "en")
    assert found[0].words == [HeardWord(str(word["word"]), None, None)]


def test_a_segment_that_could_not_be_aligned_keeps_its_words() -> None:
    found = heard_segments([{"start": 0.4, "end": 2.0, "text": " 12 34 ", "words": []}], LETTERS, "en")
    assert [word.text for word in found[0].words] == ["12", "34"]
    assert (found[0].start, found[0].end, found[0].text) == (0.4, 2.0, "12 34")


def test_languages_without_spaces_are_split_by_character() -> None:
    found = heard_segments([{"start": 0, "end": 1, "text": "你 好", "words": []}], LETTERS, "zh")
    assert [word.text for word in found[0].words] == ["你", "好"]


def test_times_that_are_not_numbers_come_from_the_words() -> None:
    words = [{"word": "hi", "start": 0.5, "end": 0.9, "score": 0.5}]
    found = heard_segments(
        [{"start": math.nan, "end": math.nan, "text": "hi", "words": words}], LETTERS, "en"
    )
    assert (found[0].start, found[0].end) == (0.5, 0.9)


@pytest.mark.parametrize("odds", [math.nan, math.inf, -math.inf])
def test_odds_that_are_no_numbers_are_left_out(odds: float) -> None:
    segment = {"start": 0.0, "end": 1.0, "text": "hi", "words": [], "avg_logprob": odds}
    [heard] = heard_segments([segment], LETTERS, "en")
    assert to_segment(heard, 0, 0.0, WITHIN).avg_logprob is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([("a", 1.0, 2.0), ("b", 1.6, 2.4)], [(1.0, 1.8), (1.8, 2.4)]),
        ([("a", 1.0, 2.0), ("b", 0.5, 0.8)], [(1.0, 2.0), (2.0, 2.0)]),
        ([("a", 1.0, 4.0), ("b", 2.0, 3.0), ("c", 2.5, 3.5)], [(1.0, 2.5), (2.5, 3.0), (3.0, 3.5)]),
        ([("a", 2.0, 1.5), ("b", 2.2, 3.0)], [(2.0, 2.0), (2.2, 3.0)]),
    ],
    ids=["overlapping", "going-back", "within-another", "negative"],
)
def test_the_times_of_words_are_in_order(
    words: list[tuple[str, float, float]], expected: list[tuple[float, float]]
) -> None:
    heard = segment(*(HeardWord(*word) for word in words))
    placed = to_segment(heard, 0, 0.0, WITHIN)
    assert [(word.start, word.end) for word in placed.words] == expected
    assert placed.start <= expected[0][0]
    assert placed.end >= expected[-1][1]


def test_a_segment_does_not_begin_before_the_one_before_it_ends() -> None:
    heard = segment(HeardWord("a", 1.0, 2.0), HeardWord("b", 2.0, 4.0), start=1.0, end=4.0)
    placed = to_segment(heard, 1, 0.0, (3.0, 100.0))
    assert (placed.start, placed.end) == (3.0, 4.0)
    assert [(word.start, word.end) for word in placed.words] == [(3.0, 3.0), (3.0, 4.0)]


def test_a_word_that_the_aligner_could_not_place_gets_the_recognisers_times() -> None:
    aligned = segment(HeardWord("take", 1.0, 1.4), HeardWord("250", None, None), HeardWord("now", 3.0, 3.4))
    located = segment(
        HeardWord("take", 0.9, 1.5), HeardWord("250", 1.3, 2.8, 0.7), HeardWord("now", 2.8, 3.5)
    )
    add_located([aligned], [located])
    assert aligned.words[1] == HeardWord("250", 1.4, 2.8, 0.7)
    assert aligned.words[0].start == 1.0, "the aligner's times were replaced"


def test_times_of_the_recogniser_that_are_not_between_the_neighbours_are_not_used() -> None:
    aligned = segment(HeardWord("take", 1.0, 1.4), HeardWord("250", None, None), HeardWord("now", 1.5, 1.9))
    located = segment(HeardWord("take", 1.0, 2.0), HeardWord("250", 2.0, 2.8), HeardWord("now", 2.8, 3.5))
    add_located([aligned], [located])
    assert aligned.words[1].start is None
