"""English: from what is written to words."""

import re
import unicodedata

from spotscribe_speech.text.words import amounts, dates, money, names
from spotscribe_speech.text.words.rule import rules
from spotscribe_speech.text.words.units import CURRENCIES

_VULGAR = re.compile("(\\d?)([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒])(?=(\\w?))")
_HAS_NUMBER = re.compile(r"\d|[²³]")
_SQUARES = {"²": " squared", "³": " cubed"}


def _currency(match: re.Match[str]) -> str:
    """A sign without an amount."""
    return f" {CURRENCIES[match.group()].unit.many} "


_SIGNS = rules(
    (r"\band/or\b", lambda _: "and or"),
    (r"(?<=[^\W\d_])/(?=[^\W\d_])", lambda _: " slash "),
    (r"(?<=\w)\s*&\s*(?=\w)|&", lambda _: " and "),
    (r"(?<=\w)\s*\+\s*(?=\w)", lambda _: " plus "),
    (r"(?<=\w)\s*=\s*(?=\w)", lambda _: " equals "),
    (r"(?<=\w)\s+[-−]\s+(?=\w)", lambda match: " minus " if "−" in match.group() else match.group()),
    (r"(?<=\w)\s*<\s+(?=\w)", lambda _: " less than "),
    (r"(?<=\w)\s*>\s+(?=\w)", lambda _: " greater than "),
    (r"\s*×\s*", lambda _: " times "),
    (r"\s*÷\s*", lambda _: " divided by "),
    (r"\s*±\s*", lambda _: " plus or minus "),
    (r"\s*[≈~]\s*(?=\w)", lambda _: " about "),
    (r"\s*≤\s*", lambda _: " at most "),
    (r"\s*≥\s*", lambda _: " at least "),
    (r"\s*≠\s*", lambda _: " is not "),
    (r"§\s*", lambda _: "section "),
    (r"©\s*", lambda _: "copyright "),
    (r"\s*@\s*", lambda _: " at "),
    (r"[²³]", lambda match: _SQUARES[match.group()]),
    (r"%", lambda _: " percent "),
    (rf"[{''.join(sign for sign in CURRENCIES if len(sign) == 1)}]", _currency),
)
_VOWELS = frozenset("AEIOUY")
# Capitals that are letters, though they could be read as words.
_LETTERS = frozenset({"USA", "FBI", "CIA", "UK", "EU", "UN", "US", "AI", "IBM", "UFO", "CEO", "DIY"})


def spoken(text: str) -> str:
    """The text in words. Every word of it is kept, or replaced by what it stands for."""
    is_shouted = _is_shouted(text)
    for rule in names.ADDRESSES:
        text = rule.apply(text)
    if _HAS_NUMBER.search(text) or not text.isascii():
        text = _with_plain_digits(text)
        for rule in (*amounts.IDENTIFIERS, *dates.RULES, *money.RULES, *amounts.RULES):
            text = rule.apply(text)
    for rule in (*names.ABBREVIATIONS, *_SIGNS):
        text = rule.apply(text)
    return re.sub(r"[^\W\d_]+", lambda match: _lowered(match.group()), text) if is_shouted else text


def _with_plain_digits(text: str) -> str:
    """The text with "1 1/2" for "1½", and with the digits of ASCII for those of other scripts."""
    text = _VULGAR.sub(
        lambda match: f"{match[1]}{' ' * bool(match[1])}{_written_out(match[2])}{' ' * bool(match[3])}", text
    )
    if text.isascii():
        return text
    return "".join(
        _written_out(character)
        if character not in "²³" and unicodedata.category(character) in {"Nd", "No"}
        else character
        for character in text
    )


def _written_out(character: str) -> str:
    return (
        unicodedata.normalize("NFKC", character).replace("⁄", "/")
        if not character.isdecimal()
        else str(unicodedata.decimal(character))
    )


def _is_shouted(text: str) -> bool:
    """Whether it is all in capitals, as titles are: a voice would spell them."""
    return text.isupper() and sum(character.isalpha() for character in text) > 5


def _lowered(word: str) -> str:
    is_word = len(word) > 1 and word.isupper() and word not in _LETTERS and not _VOWELS.isdisjoint(word)
    return word.capitalize() if is_word else word
