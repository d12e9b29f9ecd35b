"""The header and the licence around texts of Project Gutenberg, which nobody wants to hear."""

import re
from dataclasses import dataclass

_START = re.compile(r"^\*{3} ?START OF (?:THE|THIS) PROJECT GUTENBERG EBOOK[^\n]*\n", re.MULTILINE)
_END = re.compile(
    r"^(?:\*{3} ?END OF (?:THE|THIS) PROJECT GUTENBERG EBOOK|End of (?:the )?Project Gutenberg)", re.MULTILINE
)
_FIELD = {name: re.compile(rf"^{name}: *([^\n]+)", re.MULTILINE) for name in ("Title", "Author")}
# A header has some 20 lines.
_MOST_HEADER = 20_000


@dataclass(frozen=True, slots=True)
class Book:
    """The text between header and licence, and what the header says."""

    text: str
    title: str | None
    author: str | None


def book_of(text: str) -> Book | None:
    """The book in a file of Project Gutenberg; None if it is none."""
    start = _START.search(text, 0, _MOST_HEADER)
    if start is None:
        return None
    header = text[: start.start()]
    end = _END.search(text, start.end())
    title, author = (_FIELD[name].search(header) for name in ("Title", "Author"))
    return Book(
        text[start.end() : end.start() if end else len(text)],
        title.group(1).strip() if title else None,
        author.group(1).strip() if author else None,
    )
