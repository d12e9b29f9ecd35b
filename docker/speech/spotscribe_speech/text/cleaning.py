"""Removes the characters of a text that no voice speaks."""

import unicodedata
from collections import Counter
from collections.abc import Callable

# Symbols that a rule writes out, or that people write for one of the other characters.
_SPOKEN_SYMBOLS = frozenset("°℃℉№©®™µ")
# Marks that select a picture or surround a character: what is left of an emoji.
_PICTURE_MARKS = frozenset({*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0x20DD, 0x20E5))})
_SPACES = frozenset("\n\t")
# Breaks of lines and of pages: they separate words. The line breaks of Unicode do so too.
_BREAKS = frozenset("\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029")

# Characters whose decision is remembered. A hostile text has all 1.1 million.
_MOST_KNOWN = 20_000


def is_symbol(character: str) -> bool:
    """Whether it is an emoji or another symbol that no voice speaks."""
    if character < "\x80" or character in _SPOKEN_SYMBOLS:
        return False
    # So: pictures. Sk: skin tones. Co, Cn: of no agreed meaning.
    return unicodedata.category(character) in {"So", "Sk", "Co", "Cn"}


def _kept(character: str) -> str | None:
    if character in _SPACES:
        return character
    if character in _BREAKS:
        return "\n"
    # Cc: control. Cf: zero-width, bidirectional. Cs: half of a surrogate pair.
    unseen = unicodedata.category(character) in {"Cc", "Cf", "Cs"} or character in _PICTURE_MARKS
    return None if unseen or is_symbol(character) else character


class _Table(dict[int, str | None]):
    """Decides about each character when it first appears."""

    def __init__(self, decide: Callable[[str], str | None]) -> None:
        super().__init__()
        self._decide = decide

    def __missing__(self, code: int) -> str | None:
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[code] = kept = self._decide(chr(code))
        return kept


_TABLE = _Table(_kept)


def cleaned(text: str, symbols: Counter[str]) -> str:
    """The text without what is not spoken.

    Args:
        text: any text.
        symbols: counts the symbols that were left out. Control characters are not worth a word.
    """
    kept = text.translate(_TABLE)
    if len(kept) != len(text):
        symbols.update(character for character in text if is_symbol(character))
    return kept


def is_speakable(text: str) -> bool:
    """Whether it has a letter or a number."""
    return any(character.isalnum() for character in text)
