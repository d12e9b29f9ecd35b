"""Texts that repeat themselves."""

import zlib

import pytest

from spotscribe_audio.speech.repetition import (
    plain_words,
    repeats_itself,
    without_loop,
    without_overlap,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It was the best of times, it was the worst of times.", False),
        ("No, no, no, no.", False),
        ("you you you you you you you", True),
        ("Thank you. " * 3, False),
        ("Thank you. " * 4, True),
        ("First a word. " + "I am going to go to the store, " * 5, True),
        ("", False),
    ],
)
def test_loops(text: str, expected: bool) -> None:
    assert repeats_itself(text, 1.0) is expected


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("She left. Thank you. Thank you. Thank you. Thank you. Thank", "She left. Thank you."),
        ("la la la la la la la la", "la"),
        ("No, no, no.", "No, no, no."),
        ("It ends well.", "It ends well."),
        ("", ""),
    ],
)
def test_a_loop_at_the_end_stays_once(text: str, kept: str) -> None:
    assert without_loop(text) == kept


def test_a_text_that_compresses_too_well_is_a_loop() -> None:
    text = "na ne ni no nu " * 20
    assert repeats_itself("anything", len(text) / len(zlib.compress(text.encode())))


@pytest.mark.parametrize(
    ("added", "kept"),
    [
        ("b c d e", "c d"),
        ("c d", "c d"),
        ("a b", ""),
        ("a b e f", ""),
        ("", ""),
    ],
)
def test_the_ends_that_the_neighbors_say_are_left_out(added: str, kept: str) -> None:
    words = added.split()
    assert [words[at] for at in without_overlap(["x", "a", "b"], words, ["e", "f", "g"])] == kept.split()


def test_plain_words_have_neither_case_nor_marks() -> None:
    assert plain_words('"Well," he said - cold-hearted.') == ["well", "he", "said", "coldhearted"]
