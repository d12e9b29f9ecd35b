"""A real recogniser for laptops and tests: English only, no GPU, its model comes inside the package."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.pcm import Samples
from spotscribe_whisper.engines.engine import (
    CancelledTranscriptionError,
    Device,
    EngineId,
    Heard,
    HeardSegment,
    HeardWord,
)

# A pause of this length, in seconds, ends a segment.
_SEGMENT_PAUSE = 0.4
_FRAMES_PER_SECOND = 100
_ALTERNATIVE = re.compile(r"\(\d+\)$")


class PocketsphinxEngine:
    """CMU Pocketsphinx with its US English model."""

    # The last pass over a window holds Python's lock for some 2 % of the window's length.
    longest_window = 20.0

    def __init__(self) -> None:
        self.name: EngineId = "pocketsphinx"
        self.model = "en-us"
        self._decoder: Any = None

    def load(self) -> None:
        """Loads the acoustic and the language model from the package."""
        try:
            from pocketsphinx import Decoder  # noqa: PLC0415

            # Normalising each window by itself keeps its words independent of what was heard before.
            self._decoder = Decoder(loglevel="FATAL", cmn="batch", samprate=16_000)
        except (ImportError, RuntimeError) as error:
            raise ModelMissingError(f"pocketsphinx or its model en-us cannot be loaded: {error}") from error

    def languages(self) -> Mapping[str, str]:
        """English."""
        return {"en": "english"}

    def device(self) -> Device:
        """The processor."""
        return Device("cpu")

    def detect_language(self, samples: Samples) -> str:  # noqa: ARG002 - there is no choice
        """English."""
        return "en"

    def hear(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> Heard:  # noqa: ARG002
        """Transcribes one window."""
        if cancelled():
            raise CancelledTranscriptionError
        self._decoder.start_utt()
        try:
            self._decoder.process_raw(samples.tobytes(), full_utt=True)
        finally:
            self._decoder.end_utt()
        return Heard(segments_at_pauses(words_of(self._decoder.seg() or ())))


def words_of(entries: Iterable[Any]) -> list[HeardWord]:
    """The recogniser's words, lower case, without silences, noises and marks of alternative pronunciation."""
    words = []
    for entry in entries:
        if entry.word.startswith(("<", "[", "++")):
            continue
        text = _ALTERNATIVE.sub("", entry.word).lower()
        words.append(
            HeardWord(
                text, entry.start_frame / _FRAMES_PER_SECOND, (entry.end_frame + 1) / _FRAMES_PER_SECOND
            )
        )
    return words


def segments_at_pauses(words: Iterable[HeardWord]) -> list[HeardSegment]:
    """Groups words that no longer pause parts."""
    groups: list[list[HeardWord]] = []
    end = 0.0
    for word in words:
        start = word.start if word.start is not None else end
        if not groups or start - end >= _SEGMENT_PAUSE:
            groups.append([])
        groups[-1].append(word)
        end = word.end if word.end is not None else start
    return [
        HeardSegment(group[0].start or 0.0, group[-1].end or 0.0, " ".join(w.text for w in group), group)
        for group in groups
    ]
