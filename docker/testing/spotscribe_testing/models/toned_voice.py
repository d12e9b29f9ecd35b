"""A voice that says each word as a tone, and waits or fails when a test says so."""

import threading
import zlib
from collections.abc import Sequence

import numpy as np

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.work.device import Device
from spotscribe_speech.engines.engine import Samples, Voice
from spotscribe_testing.sounds import RATE, tone

_GAP_SECONDS = 0.04


class TonedVoice:
    """Speaks a word of the text "mute" not at all.

    Attributes:
        go: not set while it must wait.
        asked: the sentences so far.
        seconds: of a word.
    """

    def __init__(self, seconds: float = 0.2) -> None:
        self.go = threading.Event()
        self.go.set()
        self.asked: list[str] = []
        self.seconds = seconds

    name = "toned"
    model = "tones"
    sample_rate = RATE
    license = None
    aliases: dict[str, str] = {}  # noqa: RUF012 - nobody changes it

    @property
    def voices(self) -> Sequence[Voice]:
        return [Voice("low", ("en",), "Low tones"), Voice("high", ("en", "de"), "High tones")]

    def prepare(self) -> None:
        pass

    def load(self) -> None:
        pass

    def device(self) -> Device:
        return Device("cpu")

    def unspeakable(self, text: str, language: str) -> str:
        return "".join(each for each in text if each == "ж")

    def speak(self, text: str, voice: Voice, language: str, speed: float) -> Samples:
        self.go.wait(60)
        self.asked.append(text)
        if "mute" in text:
            raise InvalidRequestError(f"The voice cannot speak {text!r}.")
        lowest = 150 if voice.id == "low" else 400
        gap = np.zeros(round(_GAP_SECONDS * RATE), dtype=np.float32)
        words = []
        for word in text.split():
            hertz = lowest + zlib.crc32(word.encode()) % 200
            words += [tone(self.seconds / speed, hertz, 0.2), gap]
        return np.concatenate([gap, *words, gap])
