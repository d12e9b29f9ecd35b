"""The lines of a cue. Twin of `core/formats/cue-lines.ts`."""

from collections.abc import Sequence
from dataclasses import dataclass

from spotscribe_whisper.formats.runs import Unit


@dataclass(frozen=True)
class Layout:
    """How cues look. The defaults are Netflix's for English: two lines of 42 characters.

    Attributes:
        max_line_width: columns; a wide East Asian character takes two.
        max_line_count: lines of a cue.
        highlight_words: a cue for each word, which it underlines.

    Raises:
        ValueError: a line of no width, or no lines.
    """

    max_line_width: int = 42
    max_line_count: int = 2
    highlight_words: bool = False

    def __post_init__(self) -> None:
        for name in ("max_line_width", "max_line_count"):
            if getattr(self, name) < 1:
                raise ValueError(f'"{name}" must be 1 or more; got {getattr(self, name)}')


def lines(units: Sequence[Unit], prefix: int, layout: Layout) -> list[list[Unit]]:
    """The units on as few lines as they fit on, and these of like width, the lower one rather the longer.

    Args:
        units: at least one; few enough to fit, or a single one that is wider than a line.
        prefix: columns of what stands before the first unit, the space after it included.
        layout: the room there is.

    Returns:
        Lines with at least one unit each; but the first is empty where the prefix leaves no room beside it.
    """
    if _is_alone(prefix, units[0], layout):
        return [[], *_balanced(list(units), 0, layout.max_line_count - 1, layout.max_line_width)]
    return _balanced(list(units), prefix, layout.max_line_count, layout.max_line_width)


def fitting(units: Sequence[Unit], first: int, prefix: int, layout: Layout) -> int:
    """How many units from the `first` on fit on the lines of one cue: one at least, however wide."""
    alone = _is_alone(prefix, units[first], layout)
    count = 2 if alone else 1
    taken = units[first].width + (0 if alone else prefix)
    for index in range(first + 1, len(units)):
        unit = units[index]
        if taken + unit.space + unit.width <= layout.max_line_width:
            taken += unit.space + unit.width
        elif count < layout.max_line_count:
            count, taken = count + 1, unit.width
        else:
            return index - first
    return len(units) - first


def joined_width(units: Sequence[Unit]) -> int:
    """Columns of the units on one line."""
    return sum(unit.space + unit.width for unit in units) - (units[0].space if units else 0)


def _is_alone(prefix: int, unit: Unit, layout: Layout) -> bool:
    """Whether the prefix takes a line of its own."""
    return prefix > 0 and layout.max_line_count > 1 and prefix + unit.width > layout.max_line_width


def _balanced(units: list[Unit], prefix: int, most: int, line_width: int) -> list[list[Unit]]:
    count = min(_fewest(units, prefix, line_width), most)
    if count == 1:
        return [units]
    best, least = 1, None
    for at in range(1, len(units)):
        top, rest = prefix + joined_width(units[:at]), units[at:]
        if at > 1 and top > line_width:
            break
        if _fewest(rest, 0, line_width) >= count:
            continue
        cost = _unevenness(top * (count - 1) - joined_width(rest), line_width)
        cost += _break_cost(units[at - 1], line_width)
        if least is None or cost < least:
            best, least = at, cost
    return [units[:best], *_balanced(units[best:], 0, count - 1, line_width)]


def _fewest(units: list[Unit], prefix: int, line_width: int) -> int:
    """Lines that the units need."""
    count, taken = 1, prefix + units[0].width
    for unit in units[1:]:
        taken += unit.space + unit.width
        if taken > line_width:
            count, taken = count + 1, unit.width
    return count


def _unevenness(excess: int, line_width: int) -> int:
    """Columns by which the upper line is off the mean of those below it; worse where it is the longer."""
    return abs(excess) + (line_width // 8 if excess > 0 else 0)


def _break_cost(unit: Unit, line_width: int) -> int:
    """Columns of unevenness that a break behind the unit is worth."""
    return {
        "sentence": -(3 * line_width // 4),
        "clause": -(line_width // 2),
        "none": 0,
        "clinging": line_width // 4,
    }[unit.mark]
