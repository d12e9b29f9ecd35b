"""Where a run of speech is parted into cues. Twin of `core/formats/cue-splitting.ts`."""

from collections.abc import Sequence

from spotscribe_whisper.formats.characters import Mark
from spotscribe_whisper.formats.lines import Layout, fitting
from spotscribe_whisper.formats.runs import Unit
from spotscribe_whisper.formats.timing import MAX_DURATION_MS, MIN_GAP_MS, reading_ms

# A silence that can be heard: better than nothing to part cues by.
_PAUSE_MS = 300

# Costs of a cue, against each other. They were set by eye, on the files in `test/fixtures/formats`.
_BREAK: dict[Mark, int] = {"sentence": 0, "clause": 25, "none": 100, "clinging": 130}
_BREAK_AT_PAUSE = 40
_SENTENCE_WITHIN = 50
_MS_OF_PAUSE_WITHIN = 20
_MS_TOO_SHORT = 5


def split(
    units: Sequence[Unit], prefixes: tuple[int, int], following: int | None, layout: Layout
) -> list[list[Unit]]:
    """Parts a run into cues at the least cost.

    A cue ends best with a sentence, then with a clause, then at a pause; it is filled well, holds no end of a
    sentence and no pause, and can be read before the next one begins: cues too short for that cost more than
    a merged one. No cue is wider than its lines or longer than `MAX_DURATION_MS`, but for a single unit.

    Args:
        units: of one run.
        prefixes: columns kept free for a prefix, in the first cue and in later ones.
        following: milliseconds at which the next run starts; None if none does.
        layout: the room of a cue.

    Returns:
        The units of each cue.
    """
    # cheapest[n]: the least cost of the first n units, and where the last cue of it begins.
    cheapest: list[tuple[int, int]] = [(0, 0)]
    cheapest += [(-1, 0)] * len(units)
    for first in range(len(units)):
        prefix = prefixes[0 if first == 0 else 1]
        within = 0
        columns = 0
        for last in range(first, first + fitting(units, first, prefix, layout)):
            unit = units[last]
            if last > first:
                if unit.end - units[first].start > MAX_DURATION_MS:
                    break
                within += _cost_within(units[last - 1], unit)
                columns += unit.space
            columns += unit.width
            after = units[last + 1] if last + 1 < len(units) else None
            cost = cheapest[first][0] + within + _fill_cost(columns, layout)
            cost += _too_short_cost(
                units[first].start, columns, after.start if after is not None else following
            )
            if after is not None:
                cost += _break_cost(unit, after)
            if cheapest[last + 1][0] < 0 or cost < cheapest[last + 1][0]:
                cheapest[last + 1] = (cost, first)
    return _traced(units, cheapest)


def _cost_within(before: Unit, after: Unit) -> int:
    pause = after.start - before.end
    return (_SENTENCE_WITHIN if before.mark == "sentence" else 0) + (
        pause // _MS_OF_PAUSE_WITHIN if pause >= _PAUSE_MS else 0
    )


def _break_cost(before: Unit, after: Unit) -> int:
    cost = _BREAK[before.mark]
    return min(cost, _BREAK_AT_PAUSE) if after.start - before.end >= _PAUSE_MS else cost


def _fill_cost(columns: int, layout: Layout) -> int:
    """0 for a full cue to 35 for an empty one, by squares: two of like length cost less than unequal ones."""
    room = layout.max_line_width * layout.max_line_count
    empty = 100 * max(room - columns, 0) // room
    return empty * empty // 280


def _too_short_cost(start: int, columns: int, following: int | None) -> int:
    if following is None:
        return 0
    return max(start + reading_ms(columns) - (following - MIN_GAP_MS), 0) // _MS_TOO_SHORT


def _traced(units: Sequence[Unit], cheapest: list[tuple[int, int]]) -> list[list[Unit]]:
    cues: list[list[Unit]] = []
    end = len(units)
    while end > 0:
        first = cheapest[end][1]
        cues.append(list(units[first:end]))
        end = first
    return cues[::-1]
