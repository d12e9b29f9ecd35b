"""English rules for what has letters: addresses, abbreviations and Roman numerals."""

import re

from spotscribe_speech.text.words import abbreviations as known
from spotscribe_speech.text.words import numbers
from spotscribe_speech.text.words.rule import is_last, one_of, rules

_ADDRESS_SIGNS = {
    ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "?": "question mark", "=": "equals", "&": "and",
    "#": "hash", ":": "colon", "%": "percent", "@": "at", "+": "plus", "~": "tilde",
}  # fmt: skip
_ENDINGS_OF_ADDRESSES = "com|org|net|edu|gov|info|io|dev|app|ai|eu|uk|de|fr|es|it|nl|ch|at|ca|au|us"
# Of which chapters and the like are counted, and what kings and popes are called.
_COUNTED = (
    "chapter|book|part|volume|vol|act|scene|section|canto|article|appendix|stave|letter|war|phase|type|class"
    "|level|bowl|figure|table"
)
_REIGNING = (
    "king|queen|pope|emperor|empress|tsar|czar|kaiser|prince|saint|alexander|benedict|catherine|charles|clement"
    "|edward|elizabeth|ferdinand|francis|frederick|george|gregory|gustav|henry|innocent|ivan|james|john|julius"
    "|leo|leopold|louis|ludwig|mary|maximilian|napoleon|nicholas|otto|paul|peter|philip|pius|ramses|richard"
    "|rudolf|sixtus|urban|victor|wilhelm|william"
)
_ROMAN = re.compile(r"(?=[MDCLXVI])M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
# Names as well as abbreviations, at the end of a sentence: "said Jan."
_CAPITALS = frozenset(word for word, full in known.WITHIN.items() if full[0].isupper())
_CAPITAL_ENDINGS = known.ENDINGS.keys() - {"etc", "al"}


def _address(match: re.Match[str]) -> str:
    """An e-mail or web address, with its signs in words. Its scheme says nothing."""
    written = match.group()
    bare = re.sub(r"^[a-z]+://", "", written).rstrip(".,;:!?)]}'\"/’”")
    end = re.search(r"[.,;:!?)\]}'\"’”]*\Z", written)
    spoken = re.sub(
        r"[./\-_?=&#:%@+~]",
        lambda sign: f" {_ADDRESS_SIGNS[sign.group()]} ",
        re.sub(r"^www\.", "W W W.", bare),
    )
    return " ".join(spoken.split()) + (end.group() if end else "")


def _numbered(match: re.Match[str]) -> str:
    return f"{known.NUMBERED[match.group(1).lower()]} "


def _roman_value(written: str) -> str | None:
    if not _ROMAN.fullmatch(written):
        return None
    values = [_ROMAN_VALUES[letter] for letter in written]
    total = sum(
        -value if value < max(values[place:], default=0) else value for place, value in enumerate(values)
    )
    return str(total)


def _counted(match: re.Match[str]) -> str | None:
    word, written = match.groups()
    value = _roman_value(written)
    if written == "I" and not _is_closed(match) and not word[0].isupper():
        return None
    return value and f"{word.capitalize() if word.isupper() else word} {numbers.cardinal(value)}"


def _reigning(match: re.Match[str]) -> str | None:
    name, written = match.groups()
    value = _roman_value(written)
    # "Peter I" is a czar, and "Peter, I think" is not.
    if value is None or (written in {"I", "C", "D", "M", "L", "V", "X"} and not _is_closed(match)):
        return None
    return f"{name} the {numbers.ordinal(value)}"


def _alone(match: re.Match[str]) -> str | None:
    value = _roman_value(match.group())
    return value and numbers.cardinal(value)


def _century(match: re.Match[str]) -> str | None:
    value = _roman_value(match.group(1))
    return value and numbers.ordinal(value)


def _is_closed(match: re.Match[str]) -> bool:
    return bool(re.match(r"\s*(?:[.,;:)!?\]]|\Z|of\b|was\b|and\b)", match.string[match.end() :]))


def _title(match: re.Match[str]) -> str | None:
    written = match.group(1)
    word = written.lower()
    before = re.search(r"(\w+)\s\Z", match.string[: match.start()])
    follows_name = bool(
        before and before.group(1)[0].isupper() and before.group(1).lower() not in known.STARTERS
    )
    has_name = bool(re.match(r"\s+[A-Z]", match.string[match.end() :]))
    if word in {"st", "dr"} and follows_name:
        street = "Street" if word == "st" else "Drive"
        if word == "st" or not has_name:
            return street + "." * is_last(match)
    # "Mr. and Mrs. Smith".
    return known.TITLES[word] if has_name or word in {"mr", "mrs", "ms", "messrs"} else None


def _shortened(match: re.Match[str]) -> str | None:
    written = match.group(1)
    word = written.lower()
    last = is_last(match)
    if match.string[: match.start()].rstrip()[-1:].isdigit():
        return None
    if word in _CAPITALS and (last or not written[0].isupper()):
        return None
    if word in _CAPITAL_ENDINGS and not written[0].isupper():
        return None
    if word in {"max", "min", "est", "misc"} and written[0].isupper():
        return None
    return (known.ENDINGS | known.WITHIN)[word] + "." * last


def _dotted(match: re.Match[str]) -> str:
    written = match.group().rstrip(".")
    spoken = known.DOTTED.get(written.lower(), written.replace(".", "").upper())
    return spoken + "." * is_last(match)


def _initial(match: re.Match[str]) -> str:
    return match.group(1)


# Before the rules for amounts.
ADDRESSES = rules(
    (r"(?<![\w.])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", _address),
    (r"(?<!\w)(?:https?://|ftp://|www\.)[^\s<>\"”]+", _address),
    (rf"(?<![\w.@])(?:[\w-]+\.)+(?:{_ENDINGS_OF_ADDRESSES})(?![\w-])(?:/[^\s<>\"”]*)?", _address),
    (r"(?<!\w)#(?=\d)", lambda _: "number "),
    (r"(?<!\w)#(?=[^\W\d])", lambda _: "hashtag "),
    (r"№\s?", lambda _: "number "),
    (
        rf"\b({one_of(known.NUMBERED)}|{one_of(word.capitalize() for word in known.NUMBERED)})\.\s?(?=\d)",
        _numbered,
    ),
    (rf"(?i:\b({_COUNTED}))\s([MDCLXVI]+)\b(?!['’])", _counted),
    (rf"(?i:\b({_REIGNING}))\s([MDCLXVI]+)\b(?!['’])", _reigning),
    (r"\b([XVI]+)(?=\s(?i:centur))", _century),
    (r"\b(?:[XV]*I{2,3}|X{1,3}(?:I[XV]|V)|XX+)\b(?!['’])", _alone),
)
# After them: "5 min." is no minimum.
ABBREVIATIONS = rules(
    (r"(?<![\w.])(?:[Pp]h\.[Dd]|[A-Za-z](?:\.[A-Za-z])+)\.(?!\w)", _dotted),
    (rf"\b({one_of(word.capitalize() for word in known.TITLES)})\.(?!\w)", _title),
    (r"\b(Mr|Mrs|Ms|Dr)(?=\s[A-Z])", _title),
    (rf"(?i:\b({one_of([*known.ENDINGS, *known.WITHIN])}))\.(?!\w)", _shortened),
    (r"(?<![\w.'’])([A-Z])\.(?=\s+[A-Z])", _initial),
)
