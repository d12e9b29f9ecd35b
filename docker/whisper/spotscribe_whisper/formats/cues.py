"""Words as cues: what a player shows, from when to when. Twin of `core/formats/cues.ts`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from spotscribe_common.contract import Segment
from spotscribe_whisper.formats.characters import width
from spotscribe_whisper.formats.lines import Layout, lines
from spotscribe_whisper.formats.runs import Run, runs
from spotscribe_whisper.formats.splitting import split
from spotscribe_whisper.formats.spoken import Spoken, milliseconds
from spotscribe_whisper.formats.timing import Block, in_time

__all__ = ["Cue", "Layout", "cues", "prefix"]


@dataclass(frozen=True)
class Cue:
    """What is shown from `start` to `end`, in milliseconds.

    Attributes:
        lines: the words of each line; the first line may be empty, for a speaker's name alone.
        speaker: who speaks, where that is known.
        named: the speaker is another than that of the cue before, and is known.
        highlight: number of the word to underline, counted from 0 through all lines.
    """

    start: int
    end: int
    lines: list[list[Spoken]]
    speaker: str | None
    named: bool
    highlight: int | None = None


def cues(
    segments: Sequence[Segment], layout: Layout, duration: float, *, prefixes: bool = False
) -> list[Cue]:
    """Cues by ascending start: none overlaps another, each ends after it starts.

    A cue starts with its first word. It starts later only where people speak at once and the cue before it
    still needs its time, and earlier only at the end of the audio, so that it can be seen. It holds words of
    one speaker and no long pause.

    Args:
        segments: of a transcript.
        layout: the room of a cue.
        duration: of the audio in seconds: no cue starts after it or stays longer, not even to be read.
        prefixes: keeps room for `prefix` in cues that are named.
    """
    found_runs = runs(segments, layout.max_line_width)
    blocks = in_time(_blocks(found_runs, layout, prefixes=prefixes), milliseconds(duration))
    found = []
    for index, block in enumerate(blocks):
        named = block.speaker is not None and (index == 0 or blocks[index - 1].speaker != block.speaker)
        room = width(prefix(block.speaker)) if named and prefixes else 0
        found.append(
            Cue(
                block.start,
                block.end,
                [[word for unit in line for word in unit.words] for line in lines(block.units, room, layout)],
                block.speaker,
                named,
            )
        )
    return [part for cue in found for part in _highlighted(cue)] if layout.highlight_words else found


def prefix(speaker: str | None) -> str:
    """What names the speaker before the words."""
    return "" if speaker is None else f"{speaker}: "


def _blocks(found: list[Run], layout: Layout, *, prefixes: bool) -> list[Block]:
    """The runs' cues by ascending start, with the times of their words.

    Where runs overlap, their cues alternate and any may have to be named; so may the first one after them.
    """
    crowded = _crowded(found)
    blocks = []
    for index, run in enumerate(found):
        room = width(prefix(run.speaker)) if prefixes else 0
        first = index == 0 or crowded[index - 1] or found[index - 1].speaker != run.speaker
        following = found[index + 1].units[0].start if index + 1 < len(found) else None
        rooms = (room if first or crowded[index] else 0, room if crowded[index] else 0)
        blocks += [
            Block(run.speaker, units, units[0].start, units[-1].end)
            for units in split(run.units, rooms, following, layout)
        ]
    return sorted(blocks, key=lambda block: block.start)


def _crowded(found: list[Run]) -> list[bool]:
    """Whether each run overlaps another one."""
    crowded = [False] * len(found)
    latest, latest_end = 0, 0
    for index, run in enumerate(found):
        if run.units[0].start < latest_end:
            crowded[latest] = crowded[index] = True
        end = max(unit.end for unit in run.units)
        if end > latest_end:
            latest, latest_end = index, end
    return crowded


def _highlighted(cue: Cue) -> list[Cue]:
    """The cue once for each of its words, from that word's start to the next one's.

    Each gets a millisecond at least; where there are more words than milliseconds, the first get none.
    """
    words = [word for line in cue.lines for word in line]
    starts = [cue.start]
    for index, word in enumerate(words[1:], start=1):
        latest = max(cue.end - (len(words) - index), starts[-1])
        starts.append(min(max(word.start, starts[-1] + 1), latest))
    return [
        replace(cue, start=start, end=end, highlight=index)
        for index, (start, end) in enumerate(pairwise([*starts, cue.end]))
        if end > start
    ]
