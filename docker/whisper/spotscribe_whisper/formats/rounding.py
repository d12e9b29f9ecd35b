"""Numbers as `core/formats/rounding.ts` rounds them."""

import math


def halves_up(number: float) -> int:
    """The nearest whole number. Python's own `round` takes halves to the even one, JavaScript's does not."""
    return math.floor(number + 0.5)
