"""Divides the words of a piece into sentences, by their punctuation and by pauses."""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from spotscribe_audio.language.languages import joined, split_words
from spotscribe_audio.language.sentence_ends import ends_sentence
from spotscribe_whisper.engines.engine import HeardSegment, HeardWord
from spotscribe_whisper.engines.recognition.chunks import Chunk, Stretch
from spotscribe_whisper.engines.recognition.reading import Piece
from spotscribe_whisper.engines.recognition.recogniser import Recognised

# Without punctuation, a longer sentence than this is divided at its longest pause.
_MOST_WORDS = 40


def all_sentences(recognised: Sequence[Recognised], language: str) -> list[HeardSegment]:
    """The segments of all pieces, see :func:`sentences`."""
    return [
        segment
        for each in recognised
        for piece in each.pieces
        for segment in sentences(piece, language, each.chunk)
    ]


def sentences(piece: Piece, language: str, chunk: Chunk) -> list[HeardSegment]:
    """The piece as segments, with times in seconds from the window's start.

    Args:
        piece: of this chunk. Words of a translation get no times: their segments share the chunk's time in
            proportion to their characters.
        language: ISO 639-1 code.
        chunk: what was heard.
    """
    words = piece.words
    if words is None:
        words = [HeardWord(text, None, None) for text in split_words(piece.text, language)]
    groups: list[list[HeardWord]] = [[]]
    for word in words:
        groups[-1].append(word)
        if ends_sentence(word.text):
            groups.append([])
    divided = [part for group in groups for part in _divided(group)]
    texts = [joined([word.text for word in part], language) for part in divided]
    spans = _shares(texts, chunk) if piece.words is None else [_span(part) for part in divided]
    return [
        HeardSegment(
            start=chunk.start + start,
            end=chunk.start + end,
            text=text,
            words=[word.later(chunk.start) for word in part],
            avg_logprob=piece.avg_logprob,
            no_speech_prob=piece.no_speech_prob,
        )
        for part, text, (start, end) in zip(divided, texts, spans, strict=True)
    ]


def _span(words: Sequence[HeardWord]) -> Stretch:
    return words[0].start or 0.0, words[-1].end or 0.0


def _shares(texts: Sequence[str], chunk: Chunk) -> list[Stretch]:
    ends = list(accumulate(map(len, texts)))
    edges = [0.0, *(chunk.seconds * end / max(ends[-1], 1) for end in ends)]
    return list(pairwise(edges))


def _divided(words: Sequence[HeardWord]) -> list[Sequence[HeardWord]]:
    if not words:
        return []
    if len(words) <= _MOST_WORDS:
        return [words]
    pauses = [(words[at].start or 0.0) - (words[at - 1].end or 0.0) for at in range(1, len(words))]
    # Among equal pauses the one in the middle.
    middle = len(words) / 2
    at = 1 + max(range(len(pauses)), key=lambda each: (round(pauses[each], 1), -abs(each + 1 - middle)))
    return [*_divided(words[:at]), *_divided(words[at:])]
