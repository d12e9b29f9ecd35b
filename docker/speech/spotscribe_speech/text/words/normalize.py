"""What is written, in the words that a voice speaks.

English has rules of its own for dates, times, money, measures, numbers, addresses, abbreviations and Roman
numerals. Chinese and Japanese are read by WeText. In other languages only numbers become words, if num2words
speaks the language; the rest is left to the engine.
"""

import re
import unicodedata

from spotscribe_speech.text.words import english, library, others

_QUOTES = str.maketrans(
    {"’": "'", "‘": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"'}
)
_LIGATURES = re.compile("[\ufb00-\ufb06]")
# Marks of emphasis, of lists and of code, which have no sound.
_SILENT = re.compile(r"[*_|^~`\\{}<>#=+•†‡·]+")
_BULLET = re.compile(r"^[-–—]\s+")
_DASHES = re.compile(r"\s?-{2,}\s?")


def spoken(text: str, language: str) -> str:
    """The words of a sentence.

    Args:
        text: a sentence, or a piece of one.
        language: ISO 639-1 code.
    """
    text = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = unicodedata.normalize("NFC", text).translate(_QUOTES)
    text = _DASHES.sub(" — ", _BULLET.sub("", " ".join(text.split())))
    if language == "en":
        text = english.spoken(text)
    elif language in {"zh", "ja"}:
        text = library.asian(text, language)
    else:
        text = others.spoken(text, language)
    return re.sub(r"\s+([,.;:!?])", r"\1", " ".join(_without_signs(_SILENT.sub(" ", text)).split()))


def _without_signs(text: str) -> str:
    """The text without mathematical signs and currencies that no rule knows."""
    if text.isascii():
        return text
    return "".join(character if unicodedata.category(character)[0] != "S" else " " for character in text)
