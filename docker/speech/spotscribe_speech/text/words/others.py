"""Languages without rules of their own: their numbers."""

import re
from functools import cache, lru_cache

from num2words import CONVERTER_CLASSES, num2words

from spotscribe_speech.text.words.numbers import MOST_DIGITS

# Languages that write 1,234.5; the others write 1.234,5.
_POINTS = frozenset({"en", "he", "th", "ko", "bn", "te", "kn", "am"})
_NUMBER = re.compile(r"(?<![\w.,])\d[\d.,]*\d(?!\w)|(?<![\w.,])\d(?!\w)")


def spoken(text: str, language: str) -> str:
    """The text with its plain numbers in words, if they are known in the language."""
    if not _is_known(language):
        return text
    return _NUMBER.sub(lambda match: _in_words(match.group(), language) or match.group(), text)


@cache
def _is_known(language: str) -> bool:
    return language in CONVERTER_CLASSES


@lru_cache(maxsize=2048)
def _in_words(written: str, language: str) -> str | None:
    group, point = (",", ".") if language in _POINTS else (".", ",")
    if not re.fullmatch(rf"\d+(?:{re.escape(group)}\d{{3}})*(?:{re.escape(point)}\d+)?", written):
        return None
    plain = written.replace(group, "").replace(point, ".")
    whole, _, fraction = plain.partition(".")
    if len(whole) + len(fraction) > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        return None
    try:
        return str(num2words(plain, lang=language))
    except (NotImplementedError, ArithmeticError, ValueError, TypeError, KeyError, IndexError):
        # Some languages know no fractions.
        return None
