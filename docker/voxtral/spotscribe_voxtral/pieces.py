"""The words of a recording's pieces, several at once, and once more where the model wrote without end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.speech.compression import compression_ratio
from spotscribe_audio.speech.repetition import repeats_itself, without_loop
from spotscribe_audio.speech.windows import FRAME_SECONDS, Window, cut_at_silences, is_silent, windows_from
from spotscribe_common.contract import Degradation
from spotscribe_common.errors import OutOfMemoryError
from spotscribe_voxtral.engines.batch_size import BatchSize
from spotscribe_voxtral.engines.engine import CancelledGenerationError, Engine, Generated, transcript_tokens

# The audio encoder hears so much at once; words are placed no better than by their piece.
LONGEST_PIECE_SECONDS = 30.0
# What is shorter is not divided once more.
_LEAST_PIECE_SECONDS = 4.0
# Whisper's codes, which transcripts have, that Mistral's tokenizer does not know.
_ISO_639_1 = {"jw": "jv"}

Text = tuple[Window, str]


@dataclass(frozen=True)
class HeardPieces:
    """What was heard in some windows.

    Attributes:
        windows: the windows, ascending.
        texts: of each window, ascending parts of it with their words; none of a silent one.
        doubts: what may be wrong with them.
    """

    windows: list[Window]
    texts: dict[Window, list[Text]]
    doubts: list[Degradation]


class PieceHearing:
    """Puts pieces of a recording to the model.

    Args:
        pcm: the decoded audio.
        engine: the model.
        energies: of the audio, from `frame_energies`.
        language: Whisper's code; None writes the language that is heard.
        cancelled: asked before each batch, and by the engine.
    """

    def __init__(
        self,
        pcm: Pcm,
        engine: Engine,
        energies: NDArray[np.float32],
        language: str | None,
        cancelled: Callable[[], bool],
    ) -> None:
        self._pcm = pcm
        self._engine = engine
        self._energies = energies
        self._language = None if language is None else _ISO_639_1.get(language, language)
        self._cancelled = cancelled
        longest = min(pcm.duration, LONGEST_PIECE_SECONDS)
        self._size = BatchSize(engine.capacity(transcript_tokens(longest), longest).batch)

    @property
    def batch(self) -> int:
        """How many windows are heard at once; halved once out of memory, for good."""
        return self._size.now

    def heard(self, windows: Sequence[Window]) -> HeardPieces:
        """The words of some windows.

        A text that does not end, or repeats itself, is asked for once more in two halves. What is a loop then
        is cut to one repetition and reported.

        Args:
            windows: at most `batch`, ascending, each of at most 30 s.

        Raises:
            CancelledGenerationError: `cancelled()` became true.
            OutOfMemoryError: also with half the batch.
        """
        texts: dict[Window, list[Text]] = {window: [] for window in windows}
        doubts = []
        for window, found in self._generated(windows):
            if _is_sound(found):
                texts[window] = [(window, _plain(found))]
                continue
            halves = self._halves(window)
            for half, again in self._generated(halves) if len(halves) > 1 else [(window, found)]:
                texts[window].append((half, without_loop(_plain(again))))
                if not _is_sound(again):
                    doubts.append(_doubt(half))
        kept = {window: [(part, text) for part, text in parts if text] for window, parts in texts.items()}
        return HeardPieces(list(windows), kept, doubts)

    def _generated(self, windows: Sequence[Window]) -> list[tuple[Window, Generated]]:
        # A model makes something up about silence.
        loud = [window for window in windows if not is_silent(self._energies, window)]
        generated: list[Generated] = []
        while len(generated) < len(loud):
            if self._cancelled():
                raise CancelledGenerationError
            part = loud[len(generated) : len(generated) + self.batch]
            samples = [self._pcm.read(window.start, window.end) for window in part]
            try:
                generated += self._engine.transcribe(samples, self._language, self._cancelled)
            except OutOfMemoryError:
                if not self._size.halve():
                    raise
        return list(zip(loud, generated, strict=True))

    def _halves(self, window: Window) -> list[Window]:
        """The window in two parts, cut at a pause; as it is if it is short."""
        length = window.end - window.start
        if length < 2 * _LEAST_PIECE_SECONDS:
            return [window]
        first, last = (round(seconds / FRAME_SECONDS) for seconds in (window.start, window.end))
        cuts = cut_at_silences(self._energies[first:last], length * 2 / 3)
        return windows_from([window.start + cut for cut in cuts[:1]], window.start, window.end)


def _plain(generated: Generated) -> str:
    return " ".join(generated.text.split())


def _is_sound(generated: Generated) -> bool:
    text = _plain(generated)
    return generated.finish == "stop" and not repeats_itself(text, compression_ratio(text))


def _doubt(window: Window) -> Degradation:
    return Degradation(
        stage="transcript",
        reason="The text repeats itself or was cut off, which the model does by mistake too, at "
        f"{window.start:.1f}–{window.end:.1f} s.",  # noqa: RUF001 - a range of times
    )
