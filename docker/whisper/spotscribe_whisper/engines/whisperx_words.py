"""WhisperX's dictionaries to what an engine hears: plain floats, and the words that it could not place."""

import math
from collections.abc import Container, Mapping, Sequence
from typing import Any

from spotscribe_audio.language.languages import written_without_spaces
from spotscribe_whisper.engines.engine import HeardSegment, HeardWord


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
            heard += unaligned_segments([segment], language)
            continue
        heard.append(
            HeardSegment(*_span(segment, words), str(segment["text"]).strip(), words, *_odds(segment))
        )
    return heard


def unaligned_segments(segments: Sequence[Mapping[str, Any]], language: str) -> list[HeardSegment]:
    """Segments with their own times, and words without."""
    return [
        HeardSegment(
            float(segment["start"]),
            float(segment["end"]),
            str(segment["text"]).strip(),
            [HeardWord(text, None, None) for text in _split(str(segment["text"]), language)],
            *_odds(segment),
        )
        for segment in segments
    ]


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


def _split(text: str, language: str) -> list[str]:
    return (
        [character for character in text if not character.isspace()]
        if written_without_spaces(language)
        else text.split()
    )
