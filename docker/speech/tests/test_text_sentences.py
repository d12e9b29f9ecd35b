"""Where sentences end, and where long ones are split."""

import random

import pytest

from spotscribe_speech.text import sentences
from spotscribe_speech.text.sentences import split


@pytest.mark.parametrize(
    "expected",
    [
        ["He left. ", "She stayed."],
        ['"What is the use of a book," thought Alice "without pictures?" ', "So she was."],
        ['"Where?" she said. ', '"Oh dear!" she cried. ', "No."],
        ["Dr. J. R. Smith paid $3.50 at 5 p.m. on Jan. 5th. ", "He left."],
        ["See www.x.org/a.b. ", "It is 3.14 approx. ten."],
        ["He went to the U.S.A. ", "He came back from the U.S. Army."],
        ["I live at No. 5. ", "No. ", "Really? ", "Yes! "],
        ["1. First item. ", "Then."],
        ["He is older than I. ", "Vitamin C. ", "It helps."],
        ["He lives in St. James St. ", "The house (it is old.) ", "Then."],
        ["He left... ", "Why… ", "Because... of that."],
        ["Salt, pepper, etc. ", "Alice left."],
        ["What?! ", "Why."],
        ["  Spaces. ", "And\nlines.\n"],
    ],
)
def test_english(expected: list[str]) -> None:
    assert split("".join(expected), "en") == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", ["今天天气很好。", "我们去公园吧！", "「好的。」", "他说"]),
        ("de", ["Am 3. Mai kam z.B. Herr Dr. Müller. ", "Er ging."]),
        ("fr", ["M. Dupont est là. ", "Oui ?"]),
        ("ar", ["كيف حالك؟ ", "بخير."]),
        ("hi", ["यह है। ", "वह है।"]),
    ],
)
def test_other_languages(language: str, expected: list[str]) -> None:
    assert split("".join(expected), language) == expected


def test_long_sentences_are_split_at_the_best_place() -> None:
    clause = "the quick brown fox jumps over the lazy dog"
    semicolons = (
        f"{clause}, {clause}; {clause}, {clause}, {clause}; {clause}, {clause}, {clause}, {clause}, {clause}."
    )
    assert [piece.rstrip()[-1] for piece in split(semicolons, "en")] == [";", "."]
    commas = ", ".join([clause] * 20)
    assert all(piece.rstrip()[-1] == "," for piece in split(commas, "en")[:-1])
    spaces = " ".join([clause] * 20)
    assert all(piece.endswith(" ") for piece in split(spaces, "en")[:-1])
    for text in (semicolons, commas, spaces, "a" * 1001, "e\u0301" * 600):
        pieces = split(text, "en")
        assert "".join(pieces) == text
        assert max(map(len, pieces)) <= sentences.MOST_CHARACTERS
    # An accent stays with its letter.
    assert not any(piece.startswith("\u0301") for piece in split("e\u0301" * 600, "en"))


def test_sentences_make_up_the_text() -> None:
    draw = random.Random(601)
    for _ in range(2000):
        text = "".join(
            draw.choice(["a", "B", "Mr", ".", "!", " ", "\n", '"', ",", "1", "。", "é"]) for _ in range(60)
        )
        assert "".join(split(text, draw.choice(["en", "de", "zh"]))) == text
