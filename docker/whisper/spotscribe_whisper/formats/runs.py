"""Words in runs of one speaker without a long pause.

Twin of `core/formats/cue-runs.ts`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from spotscribe_common.contract import Segment
from spotscribe_whisper.formats.characters import Mark, clean, clings, mark, width
from spotscribe_whisper.formats.spoken import Spoken, joined, spoken

# Silence that no cue spans: a breath within a sentence is mostly shorter, and words that show long before
# they are said give away what comes.
LONG_PAUSE_MS = 800


@dataclass(frozen=True)
class Unit:
    """Words that stay on one line: mostly one.

    Attributes:
        width: in columns, without the space before it.
        space: columns between it and the unit before, 0 or 1.
    """

    words: tuple[Spoken, ...]
    start: int
    end: int
    width: int
    space: int
    mark: Mark


@dataclass(frozen=True)
class Run:
    """Units of one speaker by ascending start, with less than a long pause between them."""

    speaker: str | None
    units: list[Unit]


def runs(segments: Sequence[Segment], line_width: int) -> list[Run]:
    """All words of the segments, by ascending start of their runs. Runs overlap where the speech does."""
    found: list[Run] = []
    for segment in segments:
        speaker = clean(segment.speaker or "") or None
        for unit in _units(spoken(segment, line_width), line_width):
            last = found[-1].units[-1] if found and found[-1].speaker == speaker else None
            if last is not None and last.start <= unit.start < last.end + LONG_PAUSE_MS:
                found[-1].units.append(unit)
            else:
                found.append(Run(speaker, [unit]))
    return sorted(found, key=lambda run: run.units[0].start)


def _units(words: Sequence[Spoken], line_width: int) -> list[Unit]:
    """A segment's units. The last one ends a sentence: not all engines write punctuation."""
    parts: list[list[Spoken]] = []
    for word in words:
        if parts and _stay_together([*parts[-1], word], line_width):
            parts[-1].append(word)
        else:
            parts.append([word])
    units: list[Unit] = []
    following: str | None = None
    for part in reversed(parts):
        text = joined(part)
        space = int(part[0].spaced)
        ends = mark(text, following)
        if following is None and ends != "clause":
            ends = "sentence"
        units.append(Unit(tuple(part), part[0].start, part[-1].end, width(text), space, ends))
        following = " " * space + text
    return units[::-1]


def _stay_together(words: Sequence[Spoken], line_width: int) -> bool:
    *_, before, after = words
    return (
        not after.spaced
        and clings(before.text, after.text)
        and after.start - before.end < LONG_PAUSE_MS
        and width(joined(words)) <= line_width
    )
