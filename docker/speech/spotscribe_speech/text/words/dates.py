"""English rules for dates and times."""

import datetime
import re

from spotscribe_speech.text.words import numbers
from spotscribe_speech.text.words.rule import START, is_last, rules

MONTHS = {
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "may": "May", "jun": "June",
    "jul": "July", "aug": "August", "sep": "September", "oct": "October", "nov": "November",
    "dec": "December",
}  # fmt: skip
_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|March|Mar\.|Apr(?:il|\.)?|May|June?|Jun\.|July?|Jul\."
    r"|Aug(?:ust|\.)?|Sep(?:tember|t?\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?"
    # Without a capital, "may" and "march" are verbs.
    r"|january|february|april|june|july|august|september|october|november|december)"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d/:%])"
_YEAR = r"(?P<year>\d{4})(?!\w)"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?!\d|:\d)"
_HALF = r"(?P<half>[AaPp])(?:\.\s?[Mm]\.?|[Mm])(?!\w)"


def _iso(match: re.Match[str]) -> str | None:
    year, month, day = (int(each) for each in match.groups())
    return _date(year, month, day)


def _slashes(match: re.Match[str]) -> str | None:
    """Month first, as in the United States, unless that is no date."""
    first, second, year = (int(each) for each in match.groups())
    if year < 100:
        # As in POSIX: 69 to 99 are of the last century.
        year += 2000 if year < 69 else 1900
    return _date(year, first, second) or _date(year, second, first)


def _date(year: int, month: int, day: int) -> str | None:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    name = list(MONTHS.values())[month - 1]
    return f"{name} {numbers.ordinal(str(day))}, {numbers.number(f'{year:04}')}"


def _month_first(match: re.Match[str]) -> str | None:
    month, day, year = match.group("month", "day", "year")
    if not 1 <= int(day) <= 31:
        return None
    spoken = f"{_full(month)} {numbers.ordinal(day)}"
    return f"{spoken}, {numbers.number(year)}" if year else spoken


def _day_first(match: re.Match[str]) -> str | None:
    month, day, year = match.group("month", "day", "year")
    if not 1 <= int(day) <= 31:
        return None
    article = "" if match.string[: match.start()].lower().endswith("the ") else "the "
    spoken = f"{article}{numbers.ordinal(day)} of {_full(month)}"
    return f"{spoken} {numbers.number(year)}" if year else spoken


def _month_year(match: re.Match[str]) -> str:
    return f"{_full(match.group('month'))} {numbers.number(match.group('year'))}"


def _full(month: str) -> str:
    return MONTHS[month[:3].lower()]


def _time(match: re.Match[str]) -> str | None:
    hour, minute, second, half = match.group("hour", "minute", "second", "half")
    if int(hour) > 24 or int(minute) > 59:
        return None
    spoken = numbers.cardinal(str(int(hour)))
    if int(minute):
        spoken += f" oh {numbers.digits(minute[1])}" if minute[0] == "0" else f" {numbers.cardinal(minute)}"
    elif not half:
        spoken += " hundred" if int(hour) > 12 else " o'clock"
    if second:
        spoken += f" and {numbers.cardinal(str(int(second)))} seconds"
    return spoken + _half(match) if half else spoken


def _hour(match: re.Match[str]) -> str | None:
    hour = match.group("hour")
    return numbers.cardinal(hour) + _half(match) if 1 <= int(hour) <= 12 else None


def _half(match: re.Match[str]) -> str:
    stop = "." if match.group().endswith(".") and is_last(match) else ""
    return f" {match.group('half').upper()} M{stop}"


RULES = rules(
    (rf"{START}(\d{{4}})-(\d{{1,2}})-(\d{{1,2}})(?![\w-])", _iso),
    (rf"{START}(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d{{2}})(?![\w/])", _slashes),
    (rf"\b(?P<month>{_MONTH})\s{_DAY}(?:,?\s{_YEAR})?(?!\w)", _month_first),
    (rf"{START}{_DAY}\s(?:of\s)?(?P<month>{_MONTH})(?:,?\s{_YEAR})?(?!\w)", _day_first),
    (rf"\b(?P<month>{_MONTH}),?\s{_YEAR}", _month_year),
    (rf"{START}{_TIME}(?:\s?{_HALF})?", _time),
    (rf"{START}(?P<hour>\d{{1,2}})\s?{_HALF}", _hour),
)
