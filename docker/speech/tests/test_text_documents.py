"""Plain texts, books of Project Gutenberg and Markdown: what is spoken, in which chapters."""

import io
import random

import pytest

from spotscribe_common.errors import (
    InvalidRequestError,
    ServiceError,
    UnsupportedMediaError,
    UploadTooLargeError,
)
from spotscribe_speech.text import limits, pauses
from spotscribe_speech.text.documents.markdown import read_markdown
from spotscribe_speech.text.documents.plain import read_plain
from spotscribe_speech.text.plan import Plan
from spotscribe_speech.text.read import read_document, read_text

# From Lewis Carroll's "Alice's Adventures in Wonderland" (1865), in the public domain.
ALICE = """The Project Gutenberg eBook of Alice's Adventures in Wonderland

Title: Alice's Adventures in Wonderland

Author: Lewis Carroll

*** START OF THE PROJECT GUTENBERG EBOOK ALICE'S ADVENTURES IN WONDERLAND ***

Alice's Adventures in Wonderland

by Lewis Carroll

Contents

 CHAPTER I.     Down the Rabbit-Hole
 CHAPTER II.    The Pool of Tears


CHAPTER I.
Down the Rabbit-Hole


Alice was beginning to get very tired of sitting by her sister on the
bank, and of having nothing to do: once or twice she had peeped into the
book her sister was reading, but it had no pictures or conversations in
it, “and what is the use of a book,” thought Alice “without pictures or
conversations?”

So she was considering in her own mind. There was nothing so _very_
remarkable in that.

      *      *      *      *      *

Down, down, down. Would the fall _never_ come to an end?


CHAPTER II.
The Pool of Tears


“Curiouser and curiouser!” cried Alice (she was so much surprised, that
for the moment she quite forgot how to speak good English).

*** END OF THE PROJECT GUTENBERG EBOOK ALICE'S ADVENTURES IN WONDERLAND ***

Most people start at our website.
"""


def document(text: str, **more: str) -> Plan:
    return read_document(
        io.BytesIO(text.encode()),
        **{"text_format": None, "media_type": None, "language": "en", **more},  # type: ignore[arg-type]
    )


def words(plan: Plan) -> list[str]:
    return [sentence.text for sentence in plan.sentences]


def test_a_book_of_project_gutenberg() -> None:
    plan = document(ALICE)
    assert (plan.title, plan.author) == ("Alice's Adventures in Wonderland", "Lewis Carroll")
    assert [chapter.title for chapter in plan.chapters] == [
        plan.title,
        "CHAPTER I. Down the Rabbit-Hole",
        "CHAPTER II. The Pool of Tears",
    ]
    first = plan.chapters[1].sentences
    assert [sentence.text for sentence in first] == [
        "Chapter one. Down the Rabbit-Hole",
        "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing "
        "to do: once or twice she had peeped into the book her sister was reading, but it had no pictures or "
        'conversations in it, "and what is the use of a book," thought Alice "without pictures or '
        'conversations?"',
        "So she was considering in her own mind.",
        "There was nothing so very remarkable in that.",
        "Down, down, down.",
        "Would the fall never come to an end?",
    ]
    assert [sentence.pause for sentence in first] == [
        pauses.CHAPTER_TITLE,
        pauses.PARAGRAPH,
        pauses.SENTENCE,
        pauses.SCENE,
        pauses.SENTENCE,
        pauses.CHAPTER,
    ]
    assert plan.sentences[-1].pause == pauses.END
    assert not any("website" in text or "START" in text for text in words(plan))
    assert any("header and the licence of Project Gutenberg" in note for note in plan.left_out)
    assert "Not spoken: a table of contents." in plan.left_out


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Chapter 1\n\nText.\n\nChapter 2: Home\n\nText.", ["Chapter 1", "Chapter 2: Home"]),
        ("CHAPTER I\n\nLOOMINGS\n\nCall me Ishmael.", ["CHAPTER I. LOOMINGS"]),
        ("PART ONE\n\nChapter 1\n\nText.", ["PART ONE", "Chapter 1"]),
        ("Prologue\n\nText.\n\nEpilogue\n\nText.", ["Prologue", "Epilogue"]),
        ("Kapitel 3\n\nText.", ["Kapitel 3"]),
        ("Chapter 1\n\nChapter 2\n\nChapter 3\n\nChapter 1\n\nText.", ["Chapter 1"]),
        ("Part of it\n\nText.", [None]),
        ("Chapter 5 was dull.\n\nText.", [None]),
        ("part i played\n\nText.", [None]),
    ],
)
def test_headings_of_plain_texts(text: str, titles: list[str | None]) -> None:
    assert [chapter.title for chapter in document(text).chapters] == titles


def test_markdown() -> None:
    plan = document(
        "---\ntitle: 'My Book'\nauthor: Me\n---\n\n# Book\n\nIntro, see [the site](http://x.y).\n\n## One\n\n"
        "Text *with* `code`.\n\n### Deeper\n\n```\nskipped\n```\n\n## Two\n\n1. First\n2. Second\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n![image](x.png)\n\n<div>\nskipped\n</div>\n\n- bullet\n",
        text_format="markdown",
    )
    assert (plan.title, plan.author) == ("My Book", "Me")
    assert [
        (chapter.title, [sentence.text for sentence in chapter.sentences]) for chapter in plan.chapters
    ] == [
        ("My Book", ["Book", "Intro, see the site."]),
        ("One", ["One", "Text with code.", "Deeper"]),
        ("Two", ["Two", "one. First", "two. Second", "bullet"]),
    ]
    assert [sentence.pause for sentence in plan.chapters[1].sentences][:2] == [
        pauses.CHAPTER_TITLE,
        pauses.PARAGRAPH,
    ]
    assert plan.left_out == (
        "Not spoken: a block of code.",
        "Not spoken: a table.",
        "Not spoken: an image.",
        "Not spoken: a block of HTML.",
    )


def test_several_top_headings_are_chapters() -> None:
    plan = document(
        "# One\n\nText.\n\n## Deeper\n\n# Two\n\nText.", media_type="text/markdown; charset=utf-8"
    )
    assert [chapter.title for chapter in plan.chapters] == ["One", "Two"]


def test_what_no_voice_speaks() -> None:
    plan = read_text("He\u200bllo \u202e\x00🙂 wo\u00adrld 👍🏽. שלום 🙂", language="en")
    assert words(plan) == ["Hello world.", "שלום"]
    assert plan.left_out == ("4 characters that no voice speaks, such as 🙂 👍 🏽.",)


@pytest.mark.parametrize("text", ["", " \n", "...", "🙂🙂", "\x00\u200b", "* * *", "\u202e", "?!"])
def test_nothing_to_speak(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="nothing that a voice can speak"):
        read_text(text, language="en")


def test_pauses_by_punctuation() -> None:
    plan = read_text("One. Two? Three; four... Five! Six\n\nSeven.", language="en")
    assert [(sentence.text, sentence.pause) for sentence in plan.sentences] == [
        ("One.", pauses.SENTENCE),
        ("Two?", pauses.QUESTION),
        ("Three; four...", pauses.ELLIPSIS),
        ("Five!", pauses.SENTENCE),
        ("Six", pauses.PARAGRAPH),
        ("Seven.", pauses.END),
    ]
    assert {pauses.after_piece(text) for text in ("a, ", "a; ", 'a."')} == {
        pauses.COMMA,
        pauses.SEMICOLON,
        pauses.SENTENCE,
    }


@pytest.mark.parametrize("language", ["en", "de", "zh", "en-GB", "xx"])
def test_characters_are_those_of_the_text(language: str) -> None:
    draw = random.Random(602)
    pieces = [
        "word",
        "Chapter 1",
        "1.",
        "Mr.",
        ". ",
        "\n\n",
        "\n",
        " ",
        "* * *",
        "-",
        "。",
        "é",
        "3.14",
        "?",
        "- x",
        "…",
    ]
    for _ in range(100):
        text = "a" + "".join(draw.choice(pieces) for _ in range(40))
        plan = read_text(text, language=language)
        if "Not spoken: a table of contents." not in " ".join(plan.left_out):
            assert plan.characters == len(text)
        for reader, form in ((read_plain, "text"), (read_markdown, "markdown")):
            read = reader(text)
            extracted = sum(len(block.text) for part in read.parts for block in part.blocks)
            assert document(text, text_format=form, language=language).characters == extracted


def test_encodings() -> None:
    for content in ("Größe.".encode(), "Größe.".encode("utf-16"), b"\xef\xbb\xbf" + "Größe.".encode()):
        plan = read_document(io.BytesIO(content), text_format=None, media_type=None, language="de")
        assert words(plan) == ["Größe."]
    for content, position in ((b"abc\xff", 3), (b"\xff\xfea\x00b", 4), (b"\xef\xbb\xbfab\xe9 ", 5)):
        with pytest.raises(InvalidRequestError, match=f"position {position} "):
            read_document(io.BytesIO(content), text_format="text", media_type=None, language="de")


@pytest.mark.parametrize(
    ("content", "media_type", "error", "message"),
    [
        (b"%PDF-1.7", None, UnsupportedMediaError, "PDF"),
        (b"\x1f\x8b\x08", "text/plain", UnsupportedMediaError, "gzip"),
        (b"<!DOCTYPE html><p>x", "", UnsupportedMediaError, "HTML"),
        (b"text", "audio/mpeg", UnsupportedMediaError, "'audio/mpeg' is not supported"),
        (b"PK\x03\x04x", "text/plain", UnsupportedMediaError, "zip archive"),
        (b"text", "application/epub+zip", InvalidRequestError, "no EPUB"),
        (b"", None, InvalidRequestError, "nothing"),
    ],
)
def test_other_files(content: bytes, media_type: str | None, error: type[ServiceError], message: str) -> None:
    with pytest.raises(error, match=message):
        read_document(io.BytesIO(content), text_format=None, media_type=media_type, language="en")


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UploadTooLargeError, match="at most 5,000,000 are accepted"):
        read_text("a" * (limits.MOST_CHARACTERS + 1), language="en")
    with pytest.raises(UploadTooLargeError, match="at most 20,000,000 are accepted"):
        document("a" * (limits.MOST_TEXT_BYTES + 1))
    with pytest.raises(UploadTooLargeError, match="more than 5,000 chapters"):
        document("# a\n\nb\n\n" * (limits.MOST_CHAPTERS + 1), text_format="markdown")
    with pytest.raises(UploadTooLargeError, match=r"at most 67,108,864"):
        read_document(_Huge(), text_format=None, media_type=None, language="en")


class _Huge(io.BytesIO):
    def seek(self, offset: int, whence: int = 0) -> int:
        return limits.MOST_DOCUMENT_BYTES + 1
