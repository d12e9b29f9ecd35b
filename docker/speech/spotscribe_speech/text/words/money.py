"""English rules for amounts of money."""

import re

from spotscribe_speech.text.words import numbers
from spotscribe_speech.text.words.rule import DASH, NUMBER, START, minus, one_of, rules
from spotscribe_speech.text.words.units import CURRENCIES, MAGNITUDES

_SIGN = rf"(?P<sign>{one_of(CURRENCIES)})"
_MAGNITUDE = rf"(?:[\s-]?(?P<magnitude>{one_of([*MAGNITUDES, 'K', 'M', 'B'])})(?!\w))?"


def _money(match: re.Match[str]) -> str:
    sign, amount, magnitude = match.group("sign", "amount", "magnitude")
    unit, cent = CURRENCIES[sign]
    if magnitude:
        return f"{minus(match)}{numbers.cardinal(amount)} {MAGNITUDES[magnitude.lower()]} {unit.many}"
    whole, _, fraction = amount.partition(".")
    if cent is None or len(fraction) != 2:
        return f"{minus(match)}{numbers.cardinal(amount)} {unit.of(amount)}"
    parts = []
    if whole.strip("0,"):
        parts.append(f"{numbers.cardinal(whole)} {unit.of(whole)}")
    if int(fraction):
        cents = str(int(fraction))
        parts.append(f"{numbers.cardinal(cents)} {cent.of(cents)}")
    return minus(match) + (" and ".join(parts) or f"zero {unit.many}")


def _range(match: re.Match[str]) -> str:
    sign, first, second, magnitude = match.group("sign", "first", "second", "magnitude")
    of = f" {MAGNITUDES[magnitude.lower()]}" if magnitude else ""
    return f"{numbers.cardinal(first)} to {numbers.cardinal(second)}{of} {CURRENCIES[sign].unit.many}"


RULES = rules(
    (
        rf"(?<!\w){_SIGN}\s?(?P<first>{NUMBER}){DASH}(?:(?P=sign)\s?)?(?P<second>{NUMBER}){_MAGNITUDE}",
        _range,
    ),
    (rf"(?<!\w)[-−]?{_SIGN}\s?(?P<amount>{NUMBER}){_MAGNITUDE}", _money),
    (rf"{START}[-−]?(?P<amount>{NUMBER}){_MAGNITUDE}\s?{_SIGN}(?!\w)", _money),
)
