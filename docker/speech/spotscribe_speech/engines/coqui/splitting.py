"""Cuts a text into pieces that the model can speak."""

import re
from collections.abc import Callable
from unicodedata import combining

# After a clause, in the scripts of the model's languages.
_CLAUSES = re.compile(r"[.!?;:,…](?=\s)|[،؛؟。！？；：，、।]")  # noqa: RUF001
_SPACES = re.compile(r"\s")


def pieces(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The text in pieces of about the same length: short ones would be spoken badly.

    It is cut where a clause ends, else between words, else anywhere, as near to the middle as can be.

    Args:
        text: of any length.
        fits: whether the model can speak a piece. A single character is not asked about.
    """
    text = text.strip()
    if len(text) < 2 or fits(text):
        return [text] if text else []
    cut = _cut(text)
    return [*pieces(text[:cut], fits), *pieces(text[cut:], fits)]


def _cut(text: str) -> int:
    middle = len(text) / 2
    for marks in (_CLAUSES, _SPACES):
        # Not near an end: each cut shortens the text by a quarter at least, or many would be slow.
        ends = [mark.end() for mark in marks.finditer(text, len(text) // 4, 3 * len(text) // 4)]
        if ends:
            return min(ends, key=lambda end: abs(end - middle))
    cut = len(text) // 2
    while cut > 1 and combining(text[cut]):
        cut -= 1
    return cut
