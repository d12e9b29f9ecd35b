"""WhisperX's dictionaries to what an engine hears: plain floats, and the words that it could not place."""

import math
from collections.abc import Container, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from spotscribe_audio.language.languages import split_words
from spotscribe_whisper.engines.engine import HeardSegment, HeardWord
from spotscribe_whisper.engines.recognition.recogniser import Recognised

# Seconds around a piece that the aligner hears too.
_MARGIN = 0.2


def heard_segments(
    segments: Sequence[Mapping[str, Any]], characters: Container[str], language: str
) -> list[HeardSegment]:
    """Aligned segments. A word of which the aligner knows no character, such as a number, has no times.

    WhisperX itself lays such a word over whatever sounds there were: a guess that looks like a measurement.

    Args:
        segments: of `whisperx.align`; numbers may be numpy's, and times may be missing or not a number.
        characters: the aligner's, in lower case.
        language: ISO 639-1 code.
    """
    heard = []
    for segment in segments:
        words = [_word(word, characters) for word in segment["words"]]
        if not words:
            words = [HeardWord(text, None, None) for text in split_words(str(segment["text"]), language)]
        heard.append(
            HeardSegment(*_span(segment, words), str(segment["text"]).strip(), words, *_odds(segment))
        )
    return heard


def as_whisperx(recognised: Recognised) -> list[dict[str, Any]]:
    """The pieces of a chunk as whisperX's alignment takes them, with times in the window."""
    chunk, pieces = recognised.chunk, recognised.pieces
    spans = [_located(piece.words or []) for piece in pieces]
    # The recogniser's times are not exact: the aligner also hears what is around, at the ends all of it.
    starts = [0.0, *(max(first - _MARGIN, 0.0) for first, _ in spans[1:])]
    ends = [*(min(last + _MARGIN, chunk.seconds) for _, last in spans[:-1]), chunk.seconds]
    return [
        {
            "start": chunk.start + start,
            "end": chunk.start + max(end, start),
            "text": piece.text,
            "avg_logprob": piece.avg_logprob,
            "no_speech_prob": piece.no_speech_prob,
        }
        for piece, start, end in zip(pieces, starts, ends, strict=False)
    ]


def _located(words: Sequence[HeardWord]) -> tuple[float, float]:
    starts = [word.start for word in words if word.start is not None]
    ends = [word.end for word in words if word.end is not None]
    return min(starts, default=0.0), max(ends, default=0.0)


def add_located(segments: Sequence[HeardSegment], located: Sequence[HeardSegment]) -> None:
    """Gives words that the aligner could not place the recogniser's times, where their neighbors leave room.

    Args:
        segments: aligned ones, which are changed.
        located: the recogniser's, of the same words in the same order.
    """
    words = [(segment.words, at) for segment in segments for at in range(len(segment.words))]
    others = [word for segment in located for word in segment.words]
    texts = [row[at].text for row, at in words]
    for first, second, size in SequenceMatcher(
        None, texts, [word.text for word in others], autojunk=False
    ).get_matching_blocks():
        for step in range(size):
            row, at = words[first + step]
            if row[at].start is None:
                row[at] = _between(others[second + step], row[:at], row[at + 1 :])


def _between(word: HeardWord, before: Sequence[HeardWord], after: Sequence[HeardWord]) -> HeardWord:
    least = next((each.end for each in reversed(before) if each.end is not None), 0.0)
    most = next((each.start for each in after if each.start is not None), math.inf)
    start, end = max(word.start or 0.0, least), min(word.end or 0.0, most)
    return HeardWord(word.text, start, end, word.score) if end > start else HeardWord(word.text, None, None)


def _word(word: Mapping[str, Any], characters: Container[str]) -> HeardWord:
    text = str(word["word"])
    start, end, score = (_number(word.get(key)) for key in ("start", "end", "score"))
    if score is None or not any(character.lower() in characters for character in text):
        return HeardWord(text, None, None)
    return HeardWord(text, start, end, min(max(score, 0.0), 1.0))


def _odds(segment: Mapping[str, Any]) -> tuple[float | None, float | None]:
    return _number(segment.get("avg_logprob")), _number(segment.get("no_speech_prob"))


def _span(segment: Mapping[str, Any], words: Sequence[HeardWord]) -> tuple[float, float]:
    start, end = _number(segment["start"]), _number(segment["end"])
    starts = [word.start for word in words if word.start is not None]
    ends = [word.end for word in words if word.end is not None]
    first = start if start is not None else min(starts, default=0.0)
    last = end if end is not None else max(ends, default=first)
    return first, max(first, last)


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
