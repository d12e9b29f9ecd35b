"""Texts in which a careless reader looks ahead or back to the end: time must grow with the length alone."""

import time
import timeit
from collections.abc import Callable
from contextlib import suppress

import pytest

from spotscribe_common.errors import ServiceError, UploadTooLargeError
from spotscribe_speech.text import limits
from spotscribe_speech.text.documents.markdown import read_markdown
from spotscribe_speech.text.documents.plain import read_plain
from spotscribe_speech.text.documents.ssml import read_ssml
from spotscribe_speech.text.read import read_text
from spotscribe_speech.text.sentences import MOST_CHARACTERS, split
from spotscribe_speech.text.words.normalize import spoken

# A text eight times as long takes eight times the processor; by the square of the length it takes 64 times.
_TIMES = 8
_MOST_RATIO = 32
# Shorter ones say little.
_LEAST_SECONDS = 0.002


def processor_seconds(work: Callable[[str], object], text: str) -> float:
    """The least of three times, without garbage collection, which takes a second among many objects."""

    def once() -> None:
        with suppress(ServiceError):
            work(text)

    return min(timeit.repeat(once, timer=time.process_time, repeat=3, number=1))


def check_grows_with_length(work: Callable[[str], object], unit: str, size: int) -> None:
    few = processor_seconds(work, (unit * size)[:size])
    many = processor_seconds(work, (unit * size * _TIMES)[: size * _TIMES])
    assert many <= _MOST_RATIO * max(few, _LEAST_SECONDS)


@pytest.mark.parametrize(
    "unit", [".", "a", "a. ", '. "', "A.", "Mr. ", "(", ", ", ". (", "1. ", "\u2026", " ", "\n", "\u3002"]
)
def test_sentences(unit: str) -> None:
    check_grows_with_length(lambda text: split(text, "en"), unit, 20_000)


@pytest.mark.parametrize(
    "unit",
    ["\n", "\n\t", "\n- ", "CHAPTER I\n", "a\n\n", "\n \n", "*** START OF THE PROJECT GUTENBERG EBOOK\n"],
)
def test_plain_texts(unit: str) -> None:
    check_grows_with_length(read_plain, unit, 20_000)


@pytest.mark.parametrize(
    "unit", ["[", "![", "[[]", "**a", "|a\n|-\n", "`", "<!", "<a", "> ", "  - a\n", "&", "[a]: b\n"]
)
def test_markdown(unit: str) -> None:
    check_grows_with_length(read_markdown, unit, 4_000)


@pytest.mark.parametrize("unit", ["<break/>", "<s>a</s>", "<p>", "&lt;", "a"])
def test_ssml(unit: str) -> None:
    check_grows_with_length(lambda text: read_ssml(f"<speak>{text}</speak>"), unit, 8_000)


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1,",
        "1.",
        "1-",
        "a.",
        "a@",
        "a.a@",
        "www.",
        "1/",
        "$1",
        "1 ",
        "I",
        "a-",
        "a.com",
        "1,111",
        "'1",
        "+1 ",
        "\u00bd",
        "Jan. 1 ",
        "(111) ",
    ],
)
def test_words(unit: str) -> None:
    """Pieces have at most 400 characters; the square of that is not worth a rule."""
    check_grows_with_length(
        lambda text: [spoken(piece, "en") for piece in split(text, "en")], unit, MOST_CHARACTERS
    )


def test_long_texts_of_one_kind() -> None:
    """A megabyte without a full stop, and one of full stops only."""
    assert len(read_text("a" * 1_000_000, language="en").sentences) == 1_000_000 // MOST_CHARACTERS
    assert read_text("a" + "." * 1_000_000, language="en").characters == 1_000_001


def test_markdown_is_bounded() -> None:
    with pytest.raises(UploadTooLargeError, match="at most 1,000,000 are accepted"):
        read_markdown("a" * (limits.MOST_MARKDOWN_CHARACTERS + 1))
