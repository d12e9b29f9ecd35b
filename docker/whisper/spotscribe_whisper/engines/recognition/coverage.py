"""Finds speech that a chunk's words do not account for.

Whisper sometimes stops at a pause or at a change of speakers, and its probabilities look healthy. Its
attention shows it: there is detected speech where no word was located, or a word that lasts far too long.
"""

from collections.abc import Sequence
from typing import NamedTuple

from spotscribe_whisper.engines.engine import HeardWord
from spotscribe_whisper.engines.recognition.attention import gaps
from spotscribe_whisper.engines.recognition.chunks import Chunk

# Seconds. Chosen with Whisper tiny.en on joined, telephone and noisy recordings, see docs/accuracy.md.
# Longest time that one word takes, and how much of a longer one is its own.
_LONGEST_WORD = 0.9
_WORD = 0.5
# Speech without words that counts: less of it is a breath, a filled pause, or an inexact time. The decoder
# stops early more often than it skips something.
_LEAST_AT_AN_EDGE, _LEAST_INSIDE = 1.2, 2.0


class Hole(NamedTuple):
    """Speech of a chunk without words, in seconds from the chunk's start; `speech` is how much."""

    start: float
    end: float
    speech: float


def find_holes(chunk: Chunk, parts: Sequence[HeardWord]) -> list[Hole]:
    """The holes of a chunk in order of time.

    Args:
        chunk: with its stretches of speech.
        parts: located parts of the words, in order of time.
    """
    silent = [Hole(start, end, chunk.speech_between(start, end)) for start, end in gaps(parts, chunk.seconds)]
    found = sorted([*silent, *(_after(part, chunk) for part in parts)])
    return [hole for hole in _joined(found) if hole.speech >= _least(hole, chunk)]


def _least(hole: Hole, chunk: Chunk) -> float:
    is_inside = hole.start > 0 and hole.end < chunk.seconds
    return _LEAST_INSIDE if is_inside else _LEAST_AT_AN_EDGE


def _after(part: HeardWord, chunk: Chunk) -> Hole:
    """The part of a word that lasts too long in which it is not spoken any more."""
    start, end = part.start or 0.0, part.end or 0.0
    speech = chunk.speech_between(start, end)
    if speech <= _LONGEST_WORD:
        return Hole(end, end, 0.0)
    return Hole(min(start + _WORD, end), end, speech - _WORD)


def _joined(holes: Sequence[Hole]) -> list[Hole]:
    joined: list[Hole] = []
    for hole in holes:
        if hole.speech <= 0:
            continue
        if joined and hole.start <= joined[-1].end:
            last = joined[-1]
            joined[-1] = Hole(last.start, max(last.end, hole.end), last.speech + hole.speech)
        else:
            joined.append(hole)
    return joined
