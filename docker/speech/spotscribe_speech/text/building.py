"""From a document to the plan of its sentences."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from spotscribe_common.errors import InvalidRequestError
from spotscribe_speech.text import pauses
from spotscribe_speech.text.cleaning import cleaned, is_speakable
from spotscribe_speech.text.documents.blocks import Block, Document, Kind
from spotscribe_speech.text.limits import MOST_TITLE_CHARACTERS
from spotscribe_speech.text.plan import Chapter, Plan, Sentence
from spotscribe_speech.text.sentences import split
from spotscribe_speech.text.words.normalize import spoken

# Symbols that a report shows.
_MOST_SHOWN = 5


def plan_of(document: Document, language: str) -> Plan:
    """The sentences of a document.

    Args:
        document: as it was read.
        language: ISO 639-1 code.

    Raises:
        InvalidRequestError: nothing of it can be spoken.
    """
    builder = _Builder(language)
    title = builder.title(document.title)
    chapters: list[Chapter] = []
    for part in document.parts:
        sentences = builder.sentences(part.blocks)
        if sentences:
            chapters.append(Chapter(builder.title(part.title), tuple(sentences)))
    if not any(sentence.text for chapter in chapters for sentence in chapter.sentences):
        raise InvalidRequestError(
            "The text has nothing that a voice can speak. Send at least one letter or number."
        )
    # What stands before the first chapter, such as the title page.
    if len(chapters) > 1 and chapters[0].title is None:
        chapters[0] = replace(chapters[0], title=title)
    has_own_end = document.parts[-1].blocks[-1:] and document.parts[-1].blocks[-1].pause is not None
    return Plan(
        tuple(_separated(chapters, builder.silent, None if has_own_end else pauses.END)),
        title,
        builder.title(document.author),
        (*document.notes, *_counted(document.left_out), *_unspoken(builder.symbols)),
    )


def _separated(chapters: list[Chapter], silent: int, end: float | None) -> Iterator[Chapter]:
    """The chapters with the pauses between them.

    Args:
        chapters: at least one.
        silent: characters after the last sentence.
        end: pause after it; None to keep its own.
    """
    for number, chapter in enumerate(chapters, 1):
        *others, last = chapter.sentences
        if number < len(chapters):
            last = replace(last, pause=max(last.pause, pauses.CHAPTER))
        else:
            last = replace(
                last, characters=last.characters + silent, pause=last.pause if end is None else end
            )
        yield replace(chapter, sentences=(*others, last))


class _Builder:
    """Makes sentences.

    Attributes:
        symbols: that no voice speaks, and how many of each.
        silent: characters since the last sentence that are not spoken, such as spaces.
    """

    def __init__(self, language: str) -> None:
        self.symbols: Counter[str] = Counter()
        self.silent = 0
        self._language = language.partition("-")[0].lower()

    def title(self, written: str | None) -> str | None:
        """A title on one line, or None."""
        line = " ".join(cleaned(written or "", Counter()).split())
        return line[:MOST_TITLE_CHARACTERS].rstrip() or None

    def sentences(self, blocks: Iterable[Block]) -> list[Sentence]:
        """The sentences of a chapter; none if nothing of it can be spoken."""
        made: list[Sentence] = []
        for block in blocks:
            self._add(block, made)
        if not any(sentence.text for sentence in made):
            self.silent += sum(sentence.characters for sentence in made)
            return []
        return made

    def _add(self, block: Block, made: list[Sentence]) -> None:
        text = cleaned(block.text, self.symbols)
        pieces = [(piece, self._spoken(piece)) for piece in split(text, self._language)]
        is_silent = not any(words for _, words in pieces)
        for piece, words in pieces:
            if words:
                characters = len(piece) + self.silent
                made.append(Sentence(words, pauses.after_piece(piece), block.rate, characters))
                self.silent = 0
            elif made:
                # A row of dots belongs to what it follows.
                made[-1] = replace(made[-1], characters=made[-1].characters + len(piece))
            else:
                self.silent += len(piece)
        if is_silent and block.pause is not None:
            made.append(Sentence("", block.pause, block.rate, 0))
        elif is_silent and made and block.kind is not Kind.RUN and text.strip():
            made[-1] = replace(made[-1], pause=max(made[-1].pause, pauses.SCENE))
        elif not is_silent:
            pause = pauses.after_block(block.kind, text) if block.pause is None else block.pause
            made[-1] = replace(made[-1], pause=pause)

    def _spoken(self, piece: str) -> str:
        words = spoken(piece, self._language) if is_speakable(piece) else ""
        return words if is_speakable(words) else ""


def _counted(left_out: Counter[str]) -> list[str]:
    return [
        f"Not spoken: {what}{f' ({count:,} times)' if count > 1 else ''}."
        for what, count in left_out.items()
        if count
    ]


def _unspoken(symbols: Counter[str]) -> list[str]:
    if not symbols:
        return []
    shown = " ".join(symbol for symbol, _ in symbols.most_common(_MOST_SHOWN))
    total = symbols.total()
    return [f"{total:,} character{'s' * (total > 1)} that no voice speaks, such as {shown}."]
