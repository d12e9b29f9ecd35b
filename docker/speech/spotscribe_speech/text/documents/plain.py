"""Plain text: paragraphs between blank lines, and headings that begin chapters."""

import re
from collections.abc import Iterator

from spotscribe_speech.text.documents import gutenberg
from spotscribe_speech.text.documents.blocks import Block, Document, Kind

_COUNT = (
    r"(?:\d{1,4}|(?-i:[IVXLC]{1,8})|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|first|second|third"
    r"|the\s(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last))"
)
_WORD = (
    r"(?:chapter|book|part|volume|act|stave|canto|letter|kapitel|chapitre|capítulo|capitolo|hoofdstuk|teil)"
)
_ALONE = r"(?:prologue|epilogue|preface|foreword|introduction|afterword|conclusion|prolog|epilog|vorwort)"
_CHAPTER = re.compile(
    rf"\s*(?:{_WORD}\s+{_COUNT}(?![\w'’])|{_ALONE}(?=[.:]?\s*\Z))[.:—–-]*\s*(?P<title>.*)", re.IGNORECASE
)
# A blank line, or the beginning of an entry of a list.
_BETWEEN = re.compile(r"\n[ \t]*\n\s*|\n(?=[ \t]*(?:[-*•]|\d{1,3}[.)])[ \t]+\S)")
_MOST_TITLE = 120
# Headings one after the other, without a text: a table of contents.
_LEAST_CONTENTS = 3


def read_plain(text: str) -> Document:
    """A plain text. A word like "CHAPTER" with a number begins a chapter.

    Args:
        text: with line feeds between lines.
    """
    document = Document()
    book = gutenberg.book_of(text)
    if book is not None:
        document.title, document.author = book.title, book.author
        left_out = len(text) - len(book.text)
        document.notes.append(
            f"The header and the licence of Project Gutenberg ({left_out:,} characters) are not spoken."
        )
        text = book.text
    for title, blocks in _chapters(text, document):
        if title is not None:
            document.begin(title)
        for block in blocks:
            document.add(block)
    return document


def _chapters(text: str, document: Document) -> Iterator[tuple[str | None, list[Block]]]:
    """The chapters: titles and blocks. Tables of contents are left out."""
    pending: list[tuple[str, list[Block]]] = []
    title: str | None = None
    blocks: list[Block] = []
    is_named = True
    for paragraph in _paragraphs(text):
        found = _title_of(paragraph)
        if found is not None:
            if title is not None and not any(block.kind is Kind.PARAGRAPH for block in blocks):
                pending.append((title, blocks))
            else:
                yield from _without_contents(pending, document)
                pending = []
                if blocks:
                    yield title, blocks
            title, blocks = found, [Block(paragraph, Kind.TITLE)]
            is_named = bool(_name_of(paragraph))
        elif not is_named and _is_name(paragraph):
            title = f"{title}. {' '.join(paragraph.split())}" if title else None
            blocks.append(Block(paragraph, Kind.TITLE))
            is_named = True
        elif _lists_chapters(paragraph):
            document.left_out["a table of contents"] += 1
        else:
            blocks.append(Block(paragraph))
            is_named = True
    yield from _without_contents(pending, document)
    if blocks:
        yield title, blocks


def _without_contents(
    pending: list[tuple[str, list[Block]]], document: Document
) -> Iterator[tuple[str, list[Block]]]:
    if len(pending) >= _LEAST_CONTENTS:
        document.left_out["a table of contents"] += 1
    else:
        yield from pending


def _paragraphs(text: str) -> Iterator[str]:
    """The paragraphs with the space after them. Joined, they are the text."""
    start = 0
    for blank in _BETWEEN.finditer(text):
        if text[start : blank.end()].isspace():
            continue
        yield text[start : blank.end()]
        start = blank.end()
    if start < len(text):
        yield text[start:]


def _title_of(paragraph: str) -> str | None:
    stripped = paragraph.strip()
    if len(stripped) > _MOST_TITLE or stripped.count("\n") > 2 or _lists_chapters(paragraph):
        return None
    # "Chapter 5 was dull." is a sentence.
    if not _CHAPTER.match(stripped) or (stripped[-1:] in ".?!," and _has_lower_start(stripped)):
        return None
    return " ".join(stripped.rstrip(".:").split())


def _has_lower_start(stripped: str) -> bool:
    match = _CHAPTER.match(stripped)
    return bool(match and match["title"][:1].islower())


def _name_of(paragraph: str) -> str:
    match = _CHAPTER.match(" ".join(paragraph.split()))
    return match["title"] if match else ""


def _is_name(paragraph: str) -> bool:
    """Whether a paragraph after "CHAPTER I" is the chapter's name: short, and no sentence."""
    stripped = paragraph.strip()
    is_short = len(stripped) <= _MOST_TITLE // 2 and "\n" not in stripped
    return is_short and (stripped.isupper() or (stripped.istitle() and stripped[-1] not in ".?!,;:"))


def _lists_chapters(paragraph: str) -> bool:
    lines = paragraph.strip().splitlines()
    return len(lines) > 1 and sum(bool(_CHAPTER.match(line)) for line in lines) > 1
