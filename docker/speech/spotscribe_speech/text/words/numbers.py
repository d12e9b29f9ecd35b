"""Numbers in English words."""

from functools import lru_cache

from num2words import num2words

# Longer ones are read digit by digit: nobody says "trillions of" anything further.
MOST_DIGITS = 15
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def digits(text: str) -> str:
    """Each digit by its name. Other characters are left out."""
    return " ".join(_DIGITS[int(digit)] for digit in text if digit in "0123456789")


@lru_cache(maxsize=4096)
def cardinal(text: str) -> str:
    """A number such as "1,234", "007" or "3.14"."""
    whole, point, fraction = text.replace(",", "").partition(".")
    if len(whole) > MOST_DIGITS or (len(whole) > 1 and whole[0] == "0"):
        spoken = digits(whole)
    else:
        spoken = _plain(num2words(int(whole))) if whole else "zero"
    return f"{spoken} point {digits(fraction)}" if point and fraction else spoken


@lru_cache(maxsize=1024)
def ordinal(text: str) -> str:
    """The word "first" for "1", and so on. The number has at most `MOST_DIGITS` digits."""
    return _plain(num2words(int(text.replace(",", "")), to="ordinal"))


@lru_cache(maxsize=2048)
def year(text: str) -> str:
    """A year of four digits: "nineteen eighty four", "nineteen oh five", "two thousand five"."""
    century, rest = divmod(int(text), 100)
    if century % 10 == 0 and rest < 10:
        return _plain(num2words(int(text))).replace(" and ", " ")
    first = _plain(num2words(century))
    if rest == 0:
        return f"{first} hundred"
    return f"{first} oh {_DIGITS[rest]}" if rest < 10 else f"{first} {_plain(num2words(rest))}"


def decade(text: str) -> str:
    """The word "nineties" for "90", and "nineteen nineties" for "1990"."""
    spoken = year(text) if len(text) == 4 else cardinal(text)
    return spoken[:-1] + "ies" if spoken.endswith("y") else spoken + "s"


def is_year(text: str) -> bool:
    """Whether four digits are read as a year. "1500 people" are fifteen hundred too."""
    return len(text) == 4 and text.isdigit() and 1100 <= int(text) <= 2099


def number(text: str) -> str:
    """A year or a cardinal number."""
    return year(text) if is_year(text) else cardinal(text)


def _plain(spoken: str) -> str:
    return spoken.replace(",", "").replace("-", " ")
