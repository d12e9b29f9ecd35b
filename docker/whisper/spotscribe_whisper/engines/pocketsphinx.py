"""A real recogniser for laptops and tests: English only, no GPU, its model comes inside the package."""

import time
from collections.abc import Callable, Mapping, Sequence

from spotscribe_audio.audio.pcm import Samples
from spotscribe_audio.speech.recogniser import (
    LONGEST_PIECE_SECONDS,
    RecognisedWord,
    Recogniser,
    parted_at_pauses,
)
from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.work.device import Device
from spotscribe_common.work.model_thread import InTurn
from spotscribe_whisper.engines.engine import Ability, Heard, HeardSegment, HeardWord, Hearing, Sharing


class PocketsphinxEngine:
    """CMU Pocketsphinx with its US English model; what ends a segment is a pause."""

    longest_window = LONGEST_PIECE_SECONDS
    abilities: frozenset[Ability] = frozenset()

    def __init__(self) -> None:
        self.name = "pocketsphinx"
        self.model = "en-us"
        self._recogniser = Recogniser()

    def prepare(self) -> None:
        """There is nothing to import."""

    def load(self) -> None:
        """Starts the recogniser."""
        self._recogniser.load()

    def close(self) -> None:
        """Ends it."""
        self._recogniser.close()

    def share(self, in_turn: InTurn) -> Sharing | None:  # noqa: ARG002
        """It hears one recording after another."""
        return None

    def languages(self) -> Mapping[str, str]:
        """English."""
        return {"en": "english"}

    def device(self) -> Device:
        """The processor."""
        return Device("cpu")

    def detect_language(
        self,
        samples: Samples,  # noqa: ARG002
        among: Sequence[str] | None,  # noqa: ARG002
        cancelled: Callable[[], bool],  # noqa: ARG002
    ) -> str:
        """English."""
        return "en"

    def tokens(self, text: str) -> list[int]:  # noqa: ARG002
        """None: its words are no tokens."""
        return []

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:  # noqa: ARG002
        """Transcribes one window."""
        began = time.monotonic()
        try:
            words = self._recogniser.words(samples, cancelled)
        except CancelledWorkError as error:
            raise CancelledWorkError from error
        seconds = {"recognition": time.monotonic() - began}
        return Heard([_segment(group) for group in parted_at_pauses(words)], seconds=seconds)


def _segment(words: Sequence[RecognisedWord]) -> HeardSegment:
    return HeardSegment(
        words[0].start,
        words[-1].end,
        " ".join(word.text for word in words),
        [HeardWord(word.text, word.start, word.end) for word in words],
    )
