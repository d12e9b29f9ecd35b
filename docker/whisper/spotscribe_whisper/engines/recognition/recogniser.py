"""Decodes chunks, and decodes those again that lost words, repeat themselves, or are improbable.

All of it is deterministic: a resumed transcription equals an uninterrupted one. OpenAI's whisper draws words
at random instead where it is in doubt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from spotscribe_whisper.engines.engine import Doubt, DoubtKind
from spotscribe_whisper.engines.recognition.chunks import Chunk
from spotscribe_whisper.engines.recognition.coverage import Hole
from spotscribe_whisper.engines.recognition.decoding import Decoded, Style
from spotscribe_whisper.engines.recognition.reading import Piece, Reading, with_fillings

# Seconds behind a hole that are heard too, so that its last word is whole.
_MARGIN = 0.2


@dataclass
class Recognised:
    """The words of a chunk, and what is doubtful about them, in seconds from the window's start."""

    chunk: Chunk
    pieces: list[Piece] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)


class Recogniser:
    """Recognises the chunks of a window.

    Args:
        decode: decodes chunks, see :meth:`ChunkDecoder.decode`. What it raises ends the work.
    """

    def __init__(self, decode: Callable[[Sequence[Chunk], Style], Sequence[Decoded]]) -> None:
        self._decode = decode

    def recognise(self, chunks: Sequence[Chunk], style: Style) -> list[Recognised]:
        """The words of each chunk."""
        best = self._read(chunks, style)
        again = [at for at, reading in enumerate(best) if reading.is_doubtful and not reading.is_silence]
        for other in (replace(style, timestamps=True), replace(style, timestamps=True, repeats=False)):
            # The last way only breaks loops: names and numbers are said again too.
            wanted = [at for at in again if best[at].is_loop or other.repeats]
            for at, reading in zip(wanted, self._read([chunks[at] for at in wanted], other), strict=True):
                if not reading.is_silence:
                    best[at] = min(best[at], reading, key=lambda each: each.rank)
        fillings = self._fillings([best[at] for at in again], style)
        filled = dict(zip(again, fillings, strict=True))
        return [_recognised(reading, filled.get(at, [])) for at, reading in enumerate(best)]

    def _read(self, chunks: Sequence[Chunk], style: Style) -> list[Reading]:
        decoded = self._decode(chunks, style)
        return [
            Reading(chunk, each, style.language, style.timestamps)
            for chunk, each in zip(chunks, decoded, strict=True)
        ]

    def _fillings(self, readings: Sequence[Reading], style: Style) -> list[list["_Filling"]]:
        """What is said in the holes of each reading, each heard by itself."""
        holes = [(reading, hole) for reading in readings for hole in reading.holes]
        parts = [
            reading.chunk.part(hole.start, min(hole.end + _MARGIN, reading.chunk.seconds))
            for reading, hole in holes
        ]
        heard = iter(zip(holes, self._read(parts, style), strict=True))
        return [
            [_Filling(hole, filling) for (_, hole), filling in (next(heard) for _ in reading.holes)]
            for reading in readings
        ]


@dataclass(frozen=True)
class _Filling:
    hole: Hole
    reading: Reading

    @property
    def is_good(self) -> bool:
        """Whether its words can be trusted."""
        said = self.reading
        return bool(said.decoded.text) and not (said.is_silence or said.is_uncertain or said.is_loop)

    @property
    def is_silence(self) -> bool:
        return self.reading.is_silence or not self.reading.decoded.text

    def piece(self) -> Piece:
        """Its words, in seconds from the start of the chunk with the hole."""
        piece = self.reading.piece()
        return replace(piece, words=[word.later(self.hole.start) for word in piece.words or []])


def _recognised(reading: Reading, fillings: Sequence[_Filling]) -> Recognised:
    chunk = reading.chunk
    if reading.is_silence:
        return Recognised(chunk)
    good = [(filling.hole, filling.piece()) for filling in fillings if filling.is_good]
    pieces = with_fillings(reading, good) if good else [reading.piece()]
    unheard = [each.hole for each in fillings if not (each.is_good or each.is_silence)]
    doubts = [Doubt("missing", chunk.start + hole.start, chunk.start + hole.end) for hole in unheard]
    if reading.is_loop or reading.is_uncertain:
        kind: DoubtKind = "repeated" if reading.is_loop else "uncertain"
        doubts.append(Doubt(kind, chunk.start, chunk.start + chunk.seconds))
    return Recognised(chunk, [piece for piece in pieces if piece.text], doubts)
