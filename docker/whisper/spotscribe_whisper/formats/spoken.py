"""The words of a segment with times in milliseconds, and the spaces between them.

Twin of `core/formats/cue-words.ts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from spotscribe_common.contract import Segment
from spotscribe_whisper.formats.characters import (
    after_spaces,
    clean,
    is_ideographic,
    is_opening,
    is_punctuation,
    width,
)
from spotscribe_whisper.formats.rounding import halves_up


@dataclass(frozen=True)
class Spoken:
    """A word with its punctuation; `spaced` if a space parts it from the word before."""

    text: str
    start: int
    end: int
    spaced: bool


def spoken(segment: Segment, line_width: int) -> list[Spoken]:
    """The segment's words by ascending start; without any, its text shared out over its time by width.

    Punctuation that comes as a word of its own joins its neighbour, unless the two are wider than a line. Its
    time is dropped: nothing is said in it, and where it was interpolated it covers the pause behind it.
    """
    text = clean(segment.text)
    timed = [(clean(word.word), milliseconds(word.start), milliseconds(word.end)) for word in segment.words]
    said = [word for word in timed if word[0]] or _spread(text, segment)
    spaces = _spaces([word for word, _, _ in said], text)
    words: list[Spoken] = []
    for (word, start, end), spaced in zip(said, spaces, strict=True):
        begin = max(start, words[-1].start if words else 0)
        words.append(Spoken(word, begin, max(end, begin), spaced))
    return _with_punctuation(words, line_width)


def joined(words: Sequence[Spoken]) -> str:
    """The words as text, with the spaces between them."""
    return "".join(
        f" {word.text}" if index > 0 and word.spaced else word.text for index, word in enumerate(words)
    )


def milliseconds(seconds: float) -> int:
    """Whole milliseconds: from here on both languages count in integers."""
    return halves_up(seconds * 1000)


def _spread(text: str, segment: Segment) -> list[tuple[str, int, int]]:
    start = milliseconds(segment.start)
    length = max(milliseconds(segment.end) - start, 0)
    words = _split(text)
    total, before = sum(width(word) + 1 for word in words), 0
    said = []
    for word in words:
        after = before + width(word) + 1
        said.append((word, start + length * before // total, start + length * after // total))
        before = after
    return said


def _split(text: str) -> list[str]:
    """Words between spaces, and ideographic characters one by one."""
    words: list[str] = []
    previous = " "
    for character in text:
        alone = is_ideographic(character) or (is_ideographic(previous) and width(character) > 0)
        if character != " " and (previous == " " or alone):
            words.append(character)
        elif character != " ":
            words[-1] += character
        previous = character
    return words


def _spaces(words: list[str], text: str) -> list[bool]:
    """Whether a space stands before each word: as in the text or, where that differs, by the script."""
    spaces, at = [], 0
    for before, word in pairwise(["", *words]):
        begin = after_spaces(text, at)
        spaced = begin > at
        found = text.startswith(word, begin)
        at = begin + len(word) if found else len(text)
        if not found or before == "":
            spaced = not (is_ideographic(word[0]) and (before == "" or is_ideographic(before[-1])))
        spaces.append(spaced)
    return spaces


def _with_punctuation(words: list[Spoken], line_width: int) -> list[Spoken]:
    said: list[Spoken] = []
    waiting: Spoken | None = None
    for each in words:
        word = each
        if waiting is not None:
            text = joined([waiting, word])
            if width(text) <= line_width:
                word = replace(word, text=text, spaced=waiting.spaced)
            else:
                said.append(waiting)
            waiting = None
        if is_punctuation(word.text):
            if is_opening(word.text) or not said:
                waiting = word
                continue
            text = joined([said[-1], word])
            if width(text) <= line_width:
                said[-1] = replace(said[-1], text=text)
                continue
        said.append(word)
    return [*said, waiting] if waiting is not None else said
