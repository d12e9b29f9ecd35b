"""Splits a text into sentences, and long ones into pieces. The pieces make up the whole text.

One pass over the text: each full stop is judged by at most `_LOOK_BACK` characters before it and by the word
after it, so the time grows with the length of the text alone.
"""

import re
import unicodedata
from collections.abc import Iterator

from spotscribe_speech.text.words import abbreviations as known

# A voice breathes before, and no listener remembers the beginning. Kokoro reads at most 510 phonemes at once.
MOST_CHARACTERS = 400
# A piece of a sentence is not shorter, unless the sentence is.
_LEAST_CHARACTERS = 100
_LOOK_BACK = 40
_MOST_WORD = 30

_CLOSING = "\"'”’»›)\\]}」』】）"
_OPENING = "\"'“‘«‹([{¿¡—–-"
# Scripts without spaces end a sentence with a character of their own; the others need a space after theirs.
_END = re.compile(
    rf"[。！？｡][。！？｡…{_CLOSING}]*\s*|[.!?…؟।॥۔։՞]+[{_CLOSING}]*(?:(?=\s)|\Z)",
)
_NEXT = re.compile(rf"\s*[{_OPENING}]*(\w{{0,{_MOST_WORD}}})")
_SPACE = re.compile(r"\s+")
_SPLITS = (re.compile(r"[;:；：](?:\s+|\Z)|[—–]\s*"), re.compile(r"[,،、，]\s*(?!\d)"), re.compile(r"\s+"))


def split(text: str, language: str) -> list[str]:
    """The sentences of a paragraph, each with the space after it. Joined, they are the text.

    Args:
        text: a paragraph of any length. Single line breaks are spaces.
        language: ISO 639-1 code; abbreviations depend on it.
    """
    return [piece for sentence in _sentences(text, language) for piece in _pieces(sentence)]


def _sentences(text: str, language: str) -> Iterator[str]:
    start = 0
    for match in _END.finditer(text):
        if match.end() > start and _is_end(text, start, match, language):
            space = _SPACE.match(text, match.end())
            end = space.end() if space else match.end()
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]


def _is_end(text: str, start: int, match: re.Match[str], language: str) -> bool:
    mark = match.group()
    if mark[0] in "。！？｡" or match.end() == len(text):
        return True
    following = _NEXT.match(text, match.end())
    word = following.group(1) if following else ""
    if word and word[0].islower():
        return False
    if mark.startswith("."):
        before = text[max(start, match.start() - _LOOK_BACK) : match.start()]
        if len(mark.rstrip("\"'”’»›)]}")) == 1:
            return _is_full_stop(before, word, language, is_closed=len(mark) > 1)
    return True


def _is_full_stop(before: str, following: str, language: str, *, is_closed: bool) -> bool:
    """Whether one full stop ends a sentence.

    Args:
        before: what precedes it in the sentence.
        following: the word after it; empty if there is none.
        language: of the text.
        is_closed: whether a quote or a bracket closes behind it.
    """
    found = known.WORD_BEFORE.search(before)
    word = found.group().lower() if found else ""
    is_first = not before[: len(before) - len(word)].strip(_OPENING + " \t\n#*")
    if word.isdigit():
        # "1. First", and "am 3. Mai".
        return not ((is_first and len(word) <= 3) or (language in known.ORDINAL_STOPS and len(word) <= 2))
    if language != "en":
        # An initial: "J. Dupont".
        is_initial = len(word) == 1 and before[-1:].isupper()
        return not (is_initial or word in known.OTHERS.get(language, ())) or is_closed
    return _is_english_full_stop(before, word, following, is_first=is_first, is_closed=is_closed)


def _is_english_full_stop(before: str, word: str, following: str, *, is_first: bool, is_closed: bool) -> bool:  # noqa: PLR0911 - one for each kind of word
    is_starter = following.lower() in known.STARTERS
    if word in known.LEADING:
        return False
    if word in known.NUMBERED and (following[:1].isdigit() or not following):
        return not following
    if word in {"st", "ft"}:
        # "Saint James", but "in Main St. The house".
        return is_starter and not is_first
    if word in known.TITLES:
        return is_closed
    if word in known.ENDINGS:
        return True
    if word in known.WITHIN or "." in word:
        return is_starter or is_closed
    if len(word) == 1 and before[-1:].isupper():
        # An initial, unless it closes a sentence: "than I.", "vitamin C. It helps".
        previous = before[:-1].rstrip()[-1:]
        if is_first or previous in ".,":
            return False
        return is_starter or is_closed or (word == "i" and previous.islower())
    return True


def _pieces(sentence: str) -> Iterator[str]:
    start = 0
    while len(sentence) - start > MOST_CHARACTERS:
        end = _best_split(sentence, start)
        yield sentence[start:end]
        start = end
    yield sentence[start:]


def _best_split(sentence: str, start: int) -> int:
    limit = start + MOST_CHARACTERS
    for pattern in _SPLITS:
        ends = [match.end() for match in pattern.finditer(sentence, start + _LEAST_CHARACTERS, limit)]
        if ends:
            return ends[-1]
    # An accent stays with its letter.
    while limit > start + _LEAST_CHARACTERS and unicodedata.combining(sentence[limit]):
        limit -= 1
    return limit
