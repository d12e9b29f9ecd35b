"""A file of an EPUB: XHTML, and what of it is spoken."""

import html

from spotscribe_speech.text.documents.blocks import Block, Document, Kind
from spotscribe_speech.text.documents.xml import Reader

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_BLOCKS = _HEADINGS | {
    "address", "article", "aside", "blockquote", "body", "dd", "div", "dl", "dt", "figure", "footer",
    "header", "li", "main", "ol", "p", "pre", "section", "ul",
}  # fmt: skip
_LEFT_OUT = {
    "img": "an image",
    "svg": "an image",
    "math": "a formula",
    "table": "a table",
    "audio": "a sound",
    "video": "a video",
}
_UNSPOKEN = {"head", "script", "style", "nav", "rt", "rp", "template", "object", "iframe"} | _LEFT_OUT.keys()
# What Project Gutenberg puts around a text.
_LICENCE_IDS = {"pg-header", "pg-footer", "pg-machine-header"}


class Xhtml(Reader):
    """Adds the text of a file to a document.

    Args:
        path: of the file, for messages.
        document: takes the blocks.
        chapters: fragments and titles of the chapters that begin in the file, in order.
    """

    def __init__(self, path: str, document: Document, chapters: list[tuple[str, str]]) -> None:
        super().__init__(f"{path[:100]} in the EPUB")
        self._document = document
        self._marks = {fragment: title for fragment, title in chapters if fragment}
        self._text: list[str] = []
        self._unspoken = 0
        self._kind = Kind.PARAGRAPH
        # Of the chapter, until its first heading is spoken.
        self._title: str | None = None
        for fragment, title in chapters:
            if not fragment:
                self._begin(title)

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """Begins a block, a chapter, or what is not spoken."""
        if name in _LEFT_OUT and not self._unspoken:
            self._document.left_out[_LEFT_OUT[name]] += 1
        if name in _BLOCKS or name in {"br", "hr"}:
            self._separate(name)
        title = self._marks.pop(attributes.get("id", ""), None)
        if title is not None and not self._unspoken:
            self._flush()
            self._begin(title)
        if attributes.get("id") in _LICENCE_IDS:
            self._document.left_out["a licence of Project Gutenberg"] += 1
        is_note = (
            "noteref" in attributes.get("epub:type", "").split() or attributes.get("role") == "doc-noteref"
        )
        if self._unspoken or name in _UNSPOKEN or is_note or attributes.get("id") in _LICENCE_IDS:
            self._unspoken += 1
        elif name in _HEADINGS:
            self._kind = Kind.HEADING

    def closed(self, name: str) -> None:
        """Ends what the element began."""
        if self._unspoken:
            self._unspoken -= 1
        elif name in _BLOCKS:
            self._flush()
            self._kind = Kind.PARAGRAPH

    def text(self, content: str) -> None:
        """Keeps what is spoken."""
        if not self._unspoken:
            self._text.append(content)

    def skippedEntity(self, name: str) -> None:  # noqa: N802 - named by xml.sax
        """Entities of HTML, such as `&nbsp;`, are known without a definition."""
        character = html.unescape(f"&{name};")
        if character.startswith("&"):
            super().skippedEntity(name)
        self.text(character)

    def _separate(self, name: str) -> None:
        if self._unspoken:
            return
        if name == "br":
            self._text.append("\n")
            return
        self._flush()
        if name == "hr":
            self._document.add(Block("* * *\n"))

    def _begin(self, title: str) -> None:
        self._document.begin(title)
        self._title = title

    def _flush(self) -> None:
        text = " ".join("".join(self._text).split())
        self._text.clear()
        if not text:
            return
        kind = self._kind
        if kind is Kind.HEADING and self._title is not None:
            kind, self._title = Kind.TITLE, None
        elif kind is Kind.PARAGRAPH:
            self._title = None
        self._document.add(Block(f"{text}\n", kind))
