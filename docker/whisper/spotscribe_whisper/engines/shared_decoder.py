"""A decoder whose batches are filled with chunks of all recordings that are heard at the same time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from spotscribe_common.work.model_thread import InTurn
from spotscribe_whisper.engines.recognition.chunks import Chunk
from spotscribe_whisper.engines.recognition.decoding import ChunkDecoder, Decoded, Style
from spotscribe_whisper.engines.shared_batches import SharedBatches


class SharedDecoder:
    """Decodes chunks, and tells their languages.

    A chunk's result does not depend on what is decoded beside it.

    Args:
        decoder: computes a batch.
        batches: of all recordings.
        in_turn: does a batch at a time.
    """

    def __init__(self, decoder: ChunkDecoder, batches: SharedBatches, in_turn: InTurn) -> None:
        self.decoder = decoder
        self.batches = batches
        self._in_turn = in_turn

    def decode(self, chunks: Sequence[Chunk], style: Style, cancelled: Callable[[], bool]) -> list[Decoded]:
        """The words of each chunk, see :meth:`ChunkDecoder.decode` and :meth:`SharedBatches.results`."""

        def compute(batch: Sequence[Chunk]) -> Sequence[Decoded]:
            return self.decoder.decode(batch, style)

        return self.batches.results(style, chunks, compute, self._in_turn, cancelled)

    def language_odds(self, audio: Sequence[Any], cancelled: Callable[[], bool]) -> list[Mapping[str, float]]:
        """The languages of pieces of audio, see :meth:`ChunkDecoder.language_odds`."""

        def compute(batch: Sequence[Any]) -> Sequence[Mapping[str, float]]:
            return self.decoder.language_odds(batch)

        return self.batches.results("language", audio, compute, self._in_turn, cancelled)
