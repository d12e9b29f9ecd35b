"""Gives words to speakers: each segment is split where another voice begins."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby

from spotscribe_audio.language.languages import joined
from spotscribe_common.contract import Segment, SpeakerTurn, Word


def attributed(segments: Sequence[Segment], turns: Sequence[SpeakerTurn], language: str) -> list[Segment]:
    """The segments, numbered anew, each with one speaker; unchanged if there are no turns.

    Args:
        segments: ascending.
        turns: exclusive and ascending.
        language: ISO 639-1 code of the text of segments without their own.
    """
    if not turns:
        return list(segments)
    ends = [turn.end for turn in turns]
    pieces: list[Segment] = []
    for segment in segments:
        pieces += _pieces(segment, turns, ends, language)
    return [piece.model_copy(update={"id": number}) for number, piece in enumerate(pieces)]


def speaker_between(start: float, end: float, turns: Sequence[SpeakerTurn], ends: Sequence[float]) -> str:
    """Who speaks for most of a stretch; where nobody does, whose turn is nearest.

    Args:
        start: seconds.
        end: seconds.
        turns: exclusive and ascending, at least one.
        ends: the turns' ends.
    """
    first = bisect_left(ends, start)
    best, most = None, 0.0
    for turn in turns[first:]:
        if turn.start >= end:
            break
        overlap = min(end, turn.end) - max(start, turn.start)
        if overlap > most:
            best, most = turn, overlap
    if best is not None:
        return best.speaker
    near = turns[max(first - 1, 0) : first + 1]
    return min(near, key=lambda turn: max(turn.start - end, start - turn.end)).speaker


def _pieces(
    segment: Segment, turns: Sequence[SpeakerTurn], ends: Sequence[float], language: str
) -> list[Segment]:
    def speaker_of(word: Word) -> str:
        return speaker_between(word.start, word.end, turns, ends)

    runs = [(speaker, list(run)) for speaker, run in groupby(segment.words, key=speaker_of)]
    if len(runs) < 2:
        speaker = runs[0][0] if runs else speaker_between(segment.start, segment.end, turns, ends)
        return [segment.model_copy(update={"speaker": speaker})]
    last = len(runs) - 1
    return [
        segment.model_copy(
            update={
                "start": segment.start if at == 0 else words[0].start,
                "end": segment.end if at == last else words[-1].end,
                "text": joined([word.word for word in words], segment.language or language),
                "words": words,
                "speaker": speaker,
            }
        )
        for at, (speaker, words) in enumerate(runs)
    ]
