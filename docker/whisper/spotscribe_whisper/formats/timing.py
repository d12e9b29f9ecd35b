"""When cues come and go. Twin of `core/formats/cue-timing.ts`.

All times are milliseconds. The figures come from Netflix's timed-text style guides, general and English:
5/6 of a second, 7 seconds, two frames of film at 24 a second, 20 characters a second for adults.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from spotscribe_whisper.formats.lines import joined_width
from spotscribe_whisper.formats.runs import Unit

MIN_DURATION_MS: Final = 833
MAX_DURATION_MS: Final = 7000
MIN_GAP_MS: Final = 83
_MS_PER_COLUMN: Final = 1000 // 20


@dataclass(frozen=True)
class Block:
    """The units of a cue with its time."""

    speaker: str | None
    units: list[Unit]
    start: int
    end: int


def reading_ms(columns: int) -> int:
    """How long a cue of that many columns should stand."""
    return min(max(columns * _MS_PER_COLUMN, MIN_DURATION_MS), MAX_DURATION_MS)


def in_time(blocks: Sequence[Block], latest: int) -> list[Block]:
    """The blocks in their order, without overlaps, and long enough to be read where there is room.

    Args:
        blocks: by ascending start, with the times of their words.
        latest: end of the audio: no block starts or ends after it, if it has a millisecond for each.
    """
    apart = _apart(blocks, latest)
    timed = [_lengthened(block, following.start) for block, following in pairwise(apart)]
    timed += [_lengthened(block, None) for block in apart[-1:]]
    return [replace(block, end=max(min(block.end, latest), block.start + 1)) for block in timed]


def _apart(blocks: Sequence[Block], latest: int) -> list[Block]:
    """Ends a cue where the next one starts, but delays that one until the cue has had its least time.

    Where the audio ends before all have had it, they share what is left.
    """
    apart: list[Block] = []
    for index, block in enumerate(blocks):
        left = len(blocks) - index
        # Two frames for each that is left, where the audio is long enough: less cannot be seen.
        start = max(min(block.start, latest - left * MIN_GAP_MS), 0)
        if apart and apart[-1].end > start:
            before = apart[-1]
            share = max((latest - before.start) // (left + 1), 1)
            start = max(start, min(before.end, before.start + min(MIN_DURATION_MS, share)))
            apart[-1] = replace(before, end=start)
        own = max(min(block.end - block.start, MIN_DURATION_MS), 1)
        end = min(max(block.end, start + own), start + MAX_DURATION_MS)
        apart.append(replace(block, start=start, end=end))
    return apart


def _lengthened(block: Block, following: int | None) -> Block:
    """Stays to be read, and goes two frames before the next one: the eye takes cues without a gap for one.

    A cue that would get shorter than the minimum by that gap keeps the time of its words instead.
    """
    wanted = max(block.end, block.start + reading_ms(joined_width(block.units)))
    if following is None or wanted <= following - MIN_GAP_MS:
        return replace(block, end=wanted)
    kept = min(block.end, block.start + MIN_DURATION_MS)
    return replace(block, end=max(following - MIN_GAP_MS, kept))
