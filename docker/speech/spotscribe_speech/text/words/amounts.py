"""English rules for versions, phone numbers, fractions, ranges, measures and plain numbers."""

import re

from spotscribe_speech.text.words import numbers
from spotscribe_speech.text.words.rule import DASH, NUMBER, START, minus, one_of, rules
from spotscribe_speech.text.words.units import MAGNITUDES, UNITS

_UNIT = one_of(UNITS)
# Of both numbers, where "100-1500" is a range and no telephone's: people count in steps of 50.
_STEP = 50


def _version(match: re.Match[str]) -> str:
    word, dotted = match.group("word", "dotted")
    spoken = " point ".join(numbers.cardinal(part) for part in dotted.split("."))
    if not word:
        return spoken
    return f"version {spoken}" if word.strip(" .").lower() in {"v", "ver"} else f"{word}{spoken}"


def _internet_address(match: re.Match[str]) -> str:
    return " dot ".join(numbers.cardinal(part) for part in match.group().split("."))


def _digit_groups(match: re.Match[str]) -> str:
    """Phone numbers and the like: the digits, with a comma between the groups."""
    plus = "plus " if match.group().startswith("+") else ""
    return plus + ", ".join(numbers.digits(group) for group in re.findall(r"\d+", match.group()))


def _short_phone(match: re.Match[str]) -> str | None:
    first, second = match.groups()
    return None if int(first) % _STEP == int(second) % _STEP == 0 else _digit_groups(match)


def _decade(match: re.Match[str]) -> str:
    return numbers.decade(match.group("decade"))


def _fraction(match: re.Match[str]) -> str | None:
    whole, upper, lower = match.group("whole", "upper", "lower")
    if (whole, upper, lower) == (None, "24", "7"):
        return "twenty four seven"
    spoken = f"{numbers.cardinal(upper)} over {numbers.cardinal(lower)}"
    if 2 <= int(lower) <= 100 and 0 < int(upper) < int(lower):
        spoken = f"{numbers.cardinal(upper)} {_parts(lower, one=upper == '1')}"
    return f"{numbers.cardinal(whole)} and {re.sub('^one ', 'a ', spoken)}" if whole else spoken


def _parts(lower: str, *, one: bool) -> str:
    if lower == "2":
        return "half" if one else "halves"
    name = "quarter" if lower == "4" else numbers.ordinal(lower)
    return name if one else f"{name}s"


def _length(match: re.Match[str]) -> str:
    feet, inches = match["feet"] or match["ft"], match["inches"] or match["in"]
    inch = "inch" if inches == "1" else "inches"
    return f"{numbers.cardinal(feet)} {UNITS['ft'].of(feet)} {numbers.cardinal(inches)} {inch}"


def _range(match: re.Match[str]) -> str:
    first, second = match.groups()
    # Of "10-15 km" the next rules read the rest.
    return f"{numbers.number(first)} to {second}"


def _by(match: re.Match[str]) -> str:
    return f"{numbers.cardinal(match.group(1))} by {numbers.cardinal(match.group(2))}"


def _times(match: re.Match[str]) -> str:
    return f"{numbers.cardinal(match.group(1))} times"


def _measure(match: re.Match[str]) -> str:
    amount, unit = match.group("amount", "unit")
    return f"{minus(match)}{numbers.cardinal(amount)} {UNITS[unit].of(amount)}"


def _scaled(match: re.Match[str]) -> str:
    amount, magnitude = match.groups()
    return f"{numbers.cardinal(amount)} {MAGNITUDES[magnitude.lower()]}"


def _ordinal(match: re.Match[str]) -> str | None:
    number = match.group(1)
    return numbers.ordinal(number) if len(number.replace(",", "")) <= numbers.MOST_DIGITS else None


def _plain(match: re.Match[str]) -> str:
    return f"{minus(match)}{numbers.number(match.group('amount'))}"


def _point(match: re.Match[str]) -> str:
    return f"point {numbers.digits(match.group(1))}"


def _within_word(match: re.Match[str]) -> str:
    return numbers.cardinal(match.group())


# Before dates and money.
IDENTIFIERS = rules(
    (
        rf"{START}(?P<word>[Vv](?:er)?\.?\s?|(?:[Vv]ersion|[Rr]elease)\s)(?P<dotted>\d+(?:\.\d+)+)(?!\w)",
        _version,
    ),
    (rf"{START}\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\w|\.\d)", _internet_address),
    (rf"{START}(?P<word>)(?P<dotted>\d+(?:\.\d+){{2,}})(?!\w)", _version),
)
RULES = rules(
    (r"(?<![\w.])\+\d{1,3}[\s.-]?\(?\d{1,4}\)?(?:[\s.-]\d{2,4}){1,4}(?!\w)", _digit_groups),
    (r"(?<![\w.])\(\d{3}\)\s?\d{3}[\s.-]\d{4}(?!\w)", _digit_groups),
    (rf"{START}\d{{3}}[.\s]\d{{3}}[.\s]\d{{4}}(?!\w)", _digit_groups),
    (rf"{START}\d+(?:-\d+){{2,}}(?!\w)", _digit_groups),
    (rf"{START}(\d{{3}})-(\d{{4}})(?![\w-])", _short_phone),
    (r"(?<![\w.,])['’]?(?P<decade>\d{3}0|[2-9]0)['’]?s(?!\w)", _decade),
    (rf"{START}(?:(?P<whole>\d+)\s)?(?P<upper>\d+)[/⁄](?P<lower>\d+)(?![\w/])", _fraction),
    (
        rf"{START}(?:(?P<feet>\d+)['’′]\s?(?P<inches>\d+)[\"”″]|(?P<ft>\d+)\s?ft\.?,?\s(?P<in>\d+)\s?in\b)",
        _length,
    ),
    (rf"{START}({NUMBER}){DASH}({NUMBER})(?!-)(?!\d)", _range),
    (rf"{START}({NUMBER})\s?[x×]\s?({NUMBER})(?!\w)", _by),
    (rf"{START}({NUMBER})[x×](?!\w)", _times),
    (rf"{START}[-−]?(?P<amount>{NUMBER})[\s-]?(?P<unit>{_UNIT})(?!\w)(?:\.(?=\s+[a-z]))?", _measure),
    (rf"{START}({NUMBER})(k|bn)(?!\w)", _scaled),
    (rf"{START}(\d+(?:,\d{{3}})*)(?:st|nd|rd|th|ST|ND|RD|TH)(?!\w)", _ordinal),
    (rf"{START}[-−]?(?P<amount>{NUMBER})(?!\w)", _plain),
    (r"(?<![\w.])\.(\d+)(?!\w)", _point),
    (r"[0-9]+", _within_word),
)
