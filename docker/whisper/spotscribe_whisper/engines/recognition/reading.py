"""One possible text of a chunk, and what speaks against it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from spotscribe_audio.language.languages import joined
from spotscribe_audio.speech.compression import compression_ratio
from spotscribe_audio.speech.repetition import plain_words, repeats_itself, without_overlap
from spotscribe_whisper.engines.engine import HeardWord
from spotscribe_whisper.engines.recognition.attention import words_of
from spotscribe_whisper.engines.recognition.chunks import Chunk
from spotscribe_whisper.engines.recognition.coverage import Hole, find_holes
from spotscribe_whisper.engines.recognition.decoding import Decoded

# OpenAI's thresholds (whisper, transcribe.py).
_LEAST_LOGPROB = -1.0
_MOST_NO_SPEECH = 0.6
# Timestamps are tokens too, of which the model is less certain than of words: mean difference with tiny.en.
_TIMESTAMPS_COST = 0.12


@dataclass(frozen=True)
class Piece:
    """Text of a part of a chunk, with its words' times in seconds from the chunk's start.

    Attributes:
        text: as the model wrote it.
        words: None for a translation.
        avg_logprob: mean logarithm of the tokens' probabilities.
        no_speech_prob: probability that nobody speaks.
    """

    text: str
    words: Sequence[HeardWord] | None
    avg_logprob: float
    no_speech_prob: float


@dataclass(frozen=True)
class Reading:
    """A decoded chunk.

    Attributes:
        chunk: what was decoded.
        decoded: what the model said.
        language: ISO 639-1 code.
        timestamps: whether it was decoded with them.
    """

    chunk: Chunk
    decoded: Decoded
    language: str
    timestamps: bool = False

    @cached_property
    def holes(self) -> list[Hole]:
        """Speech without words; none in a translation, whose words cannot be located."""
        parts = self.decoded.parts
        return [] if parts is None else find_holes(self.chunk, parts)

    @cached_property
    def is_loop(self) -> bool:
        """Whether the text repeats itself."""
        return repeats_itself(self.decoded.text, compression_ratio(self.decoded.text))

    @property
    def is_silence(self) -> bool:
        """Whether nobody speaks, by OpenAI's rule: probably silence, and uncertain words."""
        return self.decoded.no_speech_prob > _MOST_NO_SPEECH and self.is_uncertain

    @property
    def is_uncertain(self) -> bool:
        """Whether the words are improbable."""
        return self.decoded.avg_logprob < _LEAST_LOGPROB

    @property
    def is_doubtful(self) -> bool:
        """Whether another reading may be better."""
        return bool(self.holes) or self.is_loop or self.is_uncertain

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Orders readings of one chunk, the best first: no loop, all speech accounted for, probable words."""
        cost = _TIMESTAMPS_COST if self.timestamps else 0.0
        return self.is_loop, round(sum(hole.speech for hole in self.holes)), -self.decoded.avg_logprob - cost

    def piece(self) -> Piece:
        """All of it."""
        decoded = self.decoded
        words = None if decoded.parts is None else words_of(decoded.parts, self.chunk, self.language)
        return Piece(decoded.text, words, decoded.avg_logprob, decoded.no_speech_prob)


def with_fillings(reading: Reading, fillings: Sequence[tuple[Hole, Piece]]) -> list[Piece]:
    """The reading's words, and in its holes the words that were found there.

    Args:
        reading: of a transcription.
        fillings: holes in order of time, with words in seconds from the reading's chunk.
    """
    whole = reading.piece()
    rest, pieces = list(whole.words or []), list[Piece]()

    def keep(words: Sequence[HeardWord], source: Piece) -> None:
        if words:
            text = joined([word.text for word in words], reading.language)
            pieces.append(replace(source, text=text, words=words))

    for hole, filling in fillings:
        at = sum(_is_before(word, hole) for word in rest)
        if new := _new_words(filling.words or [], rest[:at], rest[at:]):
            keep(rest[:at], whole)
            keep(new, filling)
            rest = rest[at:]
    if not pieces:
        return [whole]
    keep(rest, whole)
    return pieces


def _is_before(word: HeardWord, hole: Hole) -> bool:
    # A word that lasts too long begins before its hole, and a word behind it ends behind it.
    return (word.start or 0.0) < hole.start or (word.end or 0.0) <= hole.start


def _new_words(
    added: Sequence[HeardWord], before: Sequence[HeardWord], after: Sequence[HeardWord]
) -> list[HeardWord]:
    """The added words without those that their neighbors say: a cut audio's ends hold parts of them."""
    plain = [" ".join(plain_words(word.text)) for word in added]
    kept = without_overlap(
        plain_words(" ".join(word.text for word in before)),
        plain,
        plain_words(" ".join(word.text for word in after)),
    )
    return [added[at] for at in kept]
