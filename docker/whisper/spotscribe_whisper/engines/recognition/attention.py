"""Word times from the decoder's attention to the audio, for all languages, without a further model.

The method is OpenAI's (whisper, timing.py): attention of chosen heads, smoothed, and the cheapest monotonic
path through it. ctranslate2 computes the path, faster-whisper divides it into parts of words.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from spotscribe_audio.language.languages import written_without_spaces
from spotscribe_whisper.engines.engine import HeardWord
from spotscribe_whisper.engines.recognition.chunks import Chunk, Stretch

_FRAMES_PER_SECOND = 100


def locate_parts(
    model: Any, tokenizer: Any, encoded: Any, said: Sequence[list[int]], seconds: Sequence[float]
) -> list[list[HeardWord]]:
    """Words, parts of words and marks of each chunk, in seconds from its start, with their probabilities.

    Each begins where the one before it ends. A text part keeps the space before it.

    Args:
        model: a `faster_whisper.WhisperModel`.
        tokenizer: faster-whisper's, of the chunks' language.
        encoded: the encoder's output for these chunks.
        said: text tokens of each chunk.
        seconds: length of each chunk.
    """
    if not any(said):
        return [[] for _ in said]
    frames = [max(round(length * _FRAMES_PER_SECOND), 1) for length in seconds]
    found = model.find_alignment(tokenizer, list(said), encoded, frames)
    return [
        [
            HeardWord(part["word"], float(part["start"]), float(part["end"]), float(part["probability"]))
            for part in parts
        ]
        for parts in found
    ]


def words_of(parts: Sequence[HeardWord], chunk: Chunk, language: str) -> list[HeardWord]:
    """Words out of parts, without the silence around them.

    Args:
        parts: of :func:`locate_parts`.
        chunk: the chunk that they were located in.
        language: ISO 639-1 code.
    """
    groups: list[list[HeardWord]] = []
    for part in parts:
        begins = part.text.startswith(" ") or (written_without_spaces(language) and part.text.isalnum())
        if begins or not groups:
            groups.append([])
        groups[-1].append(part)
    return [
        _in_speech(HeardWord(text, group[0].start, group[-1].end, _mean(group)), chunk.speech)
        for group in groups
        if (text := "".join(part.text for part in group).strip())
    ]


def _mean(parts: Sequence[HeardWord]) -> float:
    return sum(part.score or 0.0 for part in parts) / len(parts)


def _in_speech(word: HeardWord, speech: Sequence[Stretch]) -> HeardWord:
    """The word within the one stretch of speech that it shares most time with.

    The path leaves no pauses between words: a pause belongs to one of its neighbors.
    """
    start, end = word.start or 0.0, word.end or 0.0
    shares = [(min(end, last) - max(start, first), first, last) for first, last in speech]
    share, first, last = max(shares, default=(0.0, 0.0, 0.0))
    if share <= 0:
        return word
    return HeardWord(word.text, max(start, first), min(end, last), word.score)


def gaps(parts: Sequence[HeardWord], seconds: float) -> list[Stretch]:
    """Times before the first part, between parts, and after the last one, as far as there are any."""
    edges = [0.0, *(time for part in parts for time in (part.start or 0.0, part.end or 0.0)), seconds]
    return [(first, last) for first, last in list(pairwise(edges))[::2] if last > first]
