"""Markdown as CommonMark defines it, with tables: https://spec.commonmark.org/0.31.2/."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from spotscribe_speech.text.documents.blocks import Block, Document, Kind
from spotscribe_speech.text.limits import MOST_MARKDOWN_CHARACTERS, refuse

# Data of the document's, before it: YAML between two rows of hyphens.
_FRONT = re.compile(r"\A---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_FIELDS = {name: re.compile(rf"^{name}:[ \t]*([^\n]+)", re.MULTILINE) for name in ("title", "author")}
_LEFT_OUT = {
    "fence": "a block of code",
    "code_block": "a block of code",
    "html_block": "a block of HTML",
    "html_inline": "a tag of HTML",
    "image": "an image",
}


def read_markdown(text: str) -> Document:
    """A Markdown document. Its top headings begin chapters.

    Code, tables, images and HTML are left out. Links are spoken by their text.

    Args:
        text: with line feeds between lines.

    Raises:
        UploadTooLargeError: it is too long, or has too many chapters.
    """
    if len(text) > MOST_MARKDOWN_CHARACTERS:
        refuse("The Markdown text", f"{len(text):,} characters", f"{MOST_MARKDOWN_CHARACTERS:,}")
    document = Document()
    front = _FRONT.match(text)
    if front is not None:
        document.title, document.author = (_front_field(front[1], name) for name in ("title", "author"))
        text = text[front.end() :]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    level, title = _levels(tokens)
    document.title = document.title or title
    _Blocks(document, level).read(tokens)
    return document


def _front_field(front: str, name: str) -> str | None:
    match = _FRONT_FIELDS[name].search(front)
    return match[1].strip().strip("\"'") or None if match else None


def _levels(tokens: Sequence[Token]) -> tuple[str | None, str | None]:
    """The tag of the headings that begin chapters, and the document's title.

    A single heading above all others, at the beginning, is the title.
    """
    tags = [token.tag for token in tokens if token.type == "heading_open" and token.level == 0]
    if not tags:
        return None, None
    top = min(tags)
    deeper = [tag for tag in tags if tag != top]
    if deeper and tags.count(top) == 1 and tokens[0].type == "heading_open" and tags[0] == top:
        return min(deeper), _spoken(tokens[1], Document())
    return top, None


class _Blocks:
    def __init__(self, document: Document, chapter_tag: str | None) -> None:
        self._document = document
        self._chapter_tag = chapter_tag
        self._heading: Token | None = None
        self._number = ""
        self._table = False

    def read(self, tokens: Sequence[Token]) -> None:
        """Adds the blocks of the tokens."""
        for token in tokens:
            if token.type in {"table_open", "table_close"}:
                self._table = token.type == "table_open"
                self._document.left_out["a table"] += self._table
            elif self._table:
                continue
            elif token.type == "heading_open":
                self._heading = token
            elif token.type == "heading_close":
                self._heading = None
            elif token.type == "list_item_open" and token.info:
                # Of an ordered list.
                self._number = f"{token.info}. "
            elif token.type == "hr":
                self._document.add(Block("* * *\n"))
            elif token.type == "inline":
                self._add(token)
            elif token.type in _LEFT_OUT:
                self._document.left_out[_LEFT_OUT[token.type]] += 1

    def _add(self, token: Token) -> None:
        spoken = self._number + _spoken(token, self._document)
        self._number = ""
        if self._heading is None:
            self._document.add(Block(f"{spoken}\n"))
        elif self._heading.level == 0 and self._heading.tag == self._chapter_tag:
            self._document.begin(" ".join(spoken.split()) or None)
            self._document.add(Block(f"{spoken}\n", Kind.TITLE))
        else:
            self._document.add(Block(f"{spoken}\n", Kind.HEADING))


def _spoken(inline: Token, document: Document) -> str:
    parts = []
    for token in inline.children or []:
        if token.type in {"text", "code_inline"}:
            parts.append(token.content)
        elif token.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif token.type in _LEFT_OUT:
            document.left_out[_LEFT_OUT[token.type]] += 1
    return "".join(parts)
