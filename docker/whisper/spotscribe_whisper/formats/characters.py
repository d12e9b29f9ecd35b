"""What a subtitle must know of characters: how wide they are, and where a text may be parted.

Twin of `core/formats/characters.ts`; the fixtures in `test/fixtures/formats` hold the two together.
"""

import re
from typing import Literal
from unicodedata import category, east_asian_width

# What a text ends on, for whoever wants to part it there. `clinging`: a title or a short word, which is most
# often an article, a preposition or a conjunction and belongs to what follows, whatever the language.
Mark = Literal["sentence", "clause", "none", "clinging"]

# Control characters and the line ends that only some players know. Spelled out here and below, because Python
# and JavaScript differ in what they take for white space.
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ufeff]+")
# What parts words without being a plain space.
_SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*")
# What shows nothing: a line of it would look like the blank line that ends a cue.
_UNSEEN = " \u00a0\u1680\u202f\u205f\u3000" + "".join(chr(space) for space in range(0x2000, 0x200C))

_SENTENCE_ENDS = ".!?…‽。．！？｡؟۔।॥։።"  # noqa: RUF001
_CLAUSE_ENDS = ",;:—–、，；：､،؛፣"  # noqa: RUF001
_CLOSING = "\"'”’»›)]}）］｝」』】〉》"  # noqa: RUF001
_OPENING = "“‘«‹([{（［｛「『【〈《„‚¿¡"  # noqa: RUF001
# These look the same at both ends of what they enclose.
_QUOTES = "\"'"
# Small kana, and the signs for a long or a repeated sound.
_NEVER_FIRST = "ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々ゝゞヽヾ"
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "st", "mme"})
# Letters of the longest word that counts as short.
_SHORT = 3


def clean(text: str) -> str:
    """The text on one line, without control characters, and with nothing unseen at its ends."""
    return _BREAKS.sub(" ", text).strip(_UNSEEN)


def after_spaces(text: str, at: int) -> int:
    """Where the text goes on after the spaces at `at`, of any kind."""
    found = _SPACES.match(text, at)
    return at if found is None else found.end()


def width(text: str) -> int:
    """Columns that the text takes: two for a wide East Asian character, none for marks on another one."""
    return sum(_columns(character) for character in text)


def is_ideographic(character: str) -> bool:
    """Whether the character is of a script that is written without spaces, each character a word."""
    return _columns(character) == 2 and not _is_hangul(character)


def is_punctuation(text: str) -> bool:
    """Whether there is nothing in the text to be said."""
    return not any(category(character)[0] in "LN" for character in text)


def is_opening(text: str) -> bool:
    """Whether the text is brackets or quotation marks that belong to what follows."""
    return all(character in _OPENING for character in text)


def clings(before: str, after: str) -> bool:
    """Whether two texts without a space between them must stay on one line.

    So do Latin letters and figures, which come one by one in languages whose words are characters.
    """
    pair = (before[-1], after[0])
    return after[0] in _NEVER_FIRST or all("!" <= character <= "~" for character in pair)


def mark(text: str, following: str | None) -> Mark:
    """What the text ends on.

    Args:
        text: a word with its punctuation.
        following: the word after it, with the space before it if there is one; None at the end.
    """
    bare = text.rstrip(_CLOSING)
    last = bare[-1:]
    if last and last in _SENTENCE_ENDS:
        if last in ".…" and following is not None:
            word = bare.rstrip(_SENTENCE_ENDS).lstrip(_OPENING + _QUOTES)
            if last == "." and (
                word.lower() in _TITLES or (len(word) == 1 and word != "I" and category(word) == "Lu")
            ):
                return "clinging"
            if category(following.lstrip(f" {_OPENING}{_QUOTES}")[:1] or " ") == "Ll":
                return "clause" if bare.endswith("..") or last == "…" else "none"
        return "sentence"
    if last and last in _CLAUSE_ENDS:
        return "clause"
    if following is not None and is_ideographic(text[-1]) and is_ideographic(following[0]):
        # Japanese words mostly begin with another script than the particles before them end with.
        return "none" if _is_hiragana(text[-1]) and not _is_hiragana(following[0]) else "clinging"
    return "clinging" if len(text) <= _SHORT and width(text) == len(text) and text.isalpha() else "none"


def _columns(character: str) -> int:
    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u3096"


def _is_hangul(character: str) -> bool:
    """Korean is wide, but puts spaces between words."""
    return (
        "\u1100" <= character <= "\u11ff"
        or "\ua960" <= character <= "\ua97c"
        or "\uac00" <= character <= "\ud7fb"
    )
