"""What a reader of documents returns: blocks of text, in parts."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from spotscribe_speech.text.limits import MOST_CHAPTERS, MOST_CHARACTERS, refuse


class Kind(Enum):
    """What a block is, for the pause after it."""

    TITLE = "title"
    """Of a chapter."""
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    RUN = "run"
    """A piece of a paragraph: its own punctuation decides."""


@dataclass(frozen=True, slots=True)
class Block:
    """Text that is spoken in one go.

    Attributes:
        text: with the space between it and the next block. Empty for a pause alone.
        kind: what it is.
        rate: factor of the speed.
        pause: seconds after it, instead of those of its kind.
    """

    text: str
    kind: Kind = Kind.PARAGRAPH
    rate: float = 1.0
    pause: float | None = None


@dataclass(slots=True)
class Part:
    """A chapter of a document."""

    title: str | None = None
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A document as it was read. Parts and blocks may be empty.

    Attributes:
        parts: its chapters.
        title: of the document.
        author: the same.
        notes: sentences about what was left out.
        left_out: things that were left out, such as "an image", and how many.
    """

    parts: list[Part] = field(default_factory=list)
    title: str | None = None
    author: str | None = None
    notes: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    _characters: int = 0

    def begin(self, title: str | None) -> None:
        """Begins a part.

        Raises:
            UploadTooLargeError: there are too many.
        """
        if len(self.parts) >= MOST_CHAPTERS:
            refuse("The document", f"more than {MOST_CHAPTERS:,} chapters", f"{MOST_CHAPTERS:,}")
        self.parts.append(Part(title))

    def add(self, block: Block) -> None:
        """Adds a block to the last part.

        Raises:
            UploadTooLargeError: the text is too long.
        """
        self._characters += len(block.text)
        if self._characters > MOST_CHARACTERS:
            refuse("The text", f"more than {MOST_CHARACTERS:,} characters", f"{MOST_CHARACTERS:,}")
        if not self.parts:
            self.begin(None)
        self.parts[-1].blocks.append(block)
