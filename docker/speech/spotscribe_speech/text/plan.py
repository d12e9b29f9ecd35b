"""What is spoken: the sentences of a text, in chapters."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it is spoken.

    Attributes:
        text: in words: numbers, dates and units are written out. Empty for a pause alone.
        pause: seconds of silence after it.
        rate: factor of the speed, from SSML's `prosody`.
        characters: code points of the caller's text that it stands for.
    """

    text: str
    pause: float
    rate: float
    characters: int


@dataclass(frozen=True, slots=True)
class Chapter:
    """Sentences under one title. A text without chapters is one, without a title."""

    title: str | None
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole text.

    Attributes:
        chapters: at least one, each with at least one sentence.
        title: of the book, if the document has one.
        author: the same.
        left_out: what is not spoken and why, as sentences for the caller.
    """

    chapters: tuple[Chapter, ...]
    title: str | None = None
    author: str | None = None
    left_out: tuple[str, ...] = field(default=())

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences of all chapters."""
        return [sentence for chapter in self.chapters for sentence in chapter.sentences]

    @property
    def characters(self) -> int:
        """Code points of the text that is spoken."""
        return sum(sentence.characters for sentence in self.sentences)

    def sha256(self, *with_: object) -> str:
        """Digest of the sentences, and of what they are spoken with, in hex."""
        digest = hashlib.sha256(repr(with_).encode())
        for chapter in self.chapters:
            digest.update(repr(chapter).encode())
        return digest.hexdigest()
