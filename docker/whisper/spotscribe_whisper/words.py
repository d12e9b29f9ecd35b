"""Gives every word times: those that the engine could not place get theirs from their neighbours."""

from collections.abc import Callable, Sequence
from itertools import groupby

from spotscribe_common.contract import Segment, Word
from spotscribe_whisper.engines.engine import HeardSegment, HeardWord


def to_segment(heard: HeardSegment, number: int, offset: float, latest: float) -> Segment:
    """A segment of the contract, with absolute times, of which none is behind the audio's end.

    Args:
        heard: what an engine heard, with times from its window's start.
        number: the segment's id.
        offset: the window's start in seconds.
        latest: the audio's end in seconds.
    """

    def placed(seconds: float) -> float:
        # Engines round to their own frames, of which the last may reach past the end.
        return round(min(seconds + offset, latest), 3)

    return Segment(
        id=number,
        start=placed(heard.start),
        end=placed(heard.end),
        text=heard.text.strip(),
        words=[_shifted(word, placed) for word in placed_words(heard)],
        avg_logprob=None if heard.avg_logprob is None else round(heard.avg_logprob, 4),
        no_speech_prob=None if heard.no_speech_prob is None else round(heard.no_speech_prob, 4),
    )


def placed_words(heard: HeardSegment) -> list[Word]:
    """The segment's words in order, all with times.

    A run of words without times shares the gap between its neighbours (or the ends of the segment) in
    proportion to their lengths in characters, and is marked as interpolated.
    """
    words: list[Word] = []
    runs = [(placed, list(run)) for placed, run in groupby(heard.words, key=_is_placed)]
    for index, (placed, run) in enumerate(runs):
        if placed:
            words += [_word(word) for word in run]
            continue
        start = words[-1].end if words else heard.start
        following = runs[index + 1][1][0].start if index + 1 < len(runs) else None
        words += _spread(run, start, max(heard.end if following is None else following, start))
    return words


def _is_placed(word: HeardWord) -> bool:
    return word.start is not None and word.end is not None


def _word(word: HeardWord) -> Word:
    start = float(word.start) if word.start is not None else 0.0
    end = float(word.end) if word.end is not None else start
    return Word(word=word.text, start=start, end=end, score=None if word.score is None else float(word.score))


def _spread(run: Sequence[HeardWord], start: float, end: float) -> list[Word]:
    total = sum(max(len(word.text), 1) for word in run)
    words, at = [], start
    for word in run:
        until = at + (end - start) * max(len(word.text), 1) / total
        words.append(Word(word=word.text, start=at, end=until, interpolated=True))
        at = until
    return words


def _shifted(word: Word, placed: Callable[[float], float]) -> Word:
    return word.model_copy(
        update={
            "start": placed(word.start),
            "end": placed(word.end),
            "score": None if word.score is None else round(word.score, 3),
        }
    )
