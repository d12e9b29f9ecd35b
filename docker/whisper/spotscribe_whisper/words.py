"""Gives every word times: those that the engine could not place get theirs from their neighbours."""

from collections.abc import Callable, Sequence
from itertools import groupby

from spotscribe_common.contract import Segment, Word
from spotscribe_whisper.engines.engine import HeardSegment, HeardWord


def to_segment(heard: HeardSegment, number: int, offset: float, within: tuple[float, float]) -> Segment:
    """A segment of the contract, with absolute times in order: no word begins before the one before it ends.

    Args:
        heard: what an engine heard, with times from its window's start.
        number: the segment's id.
        offset: the window's start in seconds.
        within: end of the segment before it, and of the audio, in seconds. Engines round to their own frames,
            and hear the chunks of a window by themselves: their times may overlap or go back.
    """
    earliest, latest = within

    def placed(seconds: float) -> float:
        return round(min(max(seconds + offset, earliest), latest), 3)

    words = _in_order([_shifted(word, placed) for word in placed_words(heard)])
    return Segment(
        id=number,
        start=min([placed(heard.start), *(word.start for word in words[:1])]),
        end=max([placed(heard.end), *(word.end for word in words[-1:])]),
        text=heard.text.strip(),
        language=heard.language,
        words=words,
        avg_logprob=None if heard.avg_logprob is None else round(heard.avg_logprob, 4),
        no_speech_prob=None if heard.no_speech_prob is None else round(heard.no_speech_prob, 4),
    )


def _in_order(words: Sequence[Word]) -> list[Word]:
    """Divides words that overlap in the middle; a word that goes back begins where the one before it ends."""
    ordered: list[Word] = []
    for word in words:
        start, end = word.start, max(word.end, word.start)
        if ordered and start < ordered[-1].end:
            last = ordered.pop()
            middle = round((start + min(last.end, end)) / 2, 3) if start > last.start else last.end
            ordered.append(last.model_copy(update={"end": middle}))
            start = middle
        ordered.append(word.model_copy(update={"start": start, "end": max(end, start)}))
    return ordered


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
        words += spread(
            [word.text for word in run], start, max(heard.end if following is None else following, start)
        )
    return words


def _is_placed(word: HeardWord) -> bool:
    return word.start is not None and word.end is not None


def _word(word: HeardWord) -> Word:
    start = float(word.start) if word.start is not None else 0.0
    end = float(word.end) if word.end is not None else start
    return Word(word=word.text, start=start, end=end, score=None if word.score is None else float(word.score))


def spread(texts: Sequence[str], start: float, end: float) -> list[Word]:
    """Interpolated words that share a stretch in proportion to their lengths in characters."""
    total = sum(max(len(text), 1) for text in texts)
    words, at = [], start
    for text in texts:
        until = round(at + (end - start) * max(len(text), 1) / total, 3)
        words.append(Word(word=text, start=at, end=until, interpolated=True))
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
