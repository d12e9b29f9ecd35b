"""A speaker that waits and fails when a test says so."""

import threading

import numpy as np

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.work.device import Device
from spotscribe_speech.engines.engine import Samples, Voice

RATE = 8000


class ScriptedSpeech:
    """A sentence is a tone of 0.1 s for each character.

    Attributes:
        go: not set while the speaker must wait.
        spoken: the sentences so far, with their speeds.
    """

    name, model, license = "scripted", "tones", None
    sample_rate = RATE
    voices = (Voice("first", ("en", "de"), "A tone"), Voice("second", ("fr",), "Another"))
    aliases = {"alloy": "first"}  # noqa: RUF012

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.spoken: list[tuple[str, float]] = []

    def prepare(self) -> None:
        pass

    def load(self) -> None:
        pass

    def device(self) -> Device:
        return Device("cpu")

    def unspeakable(self, text: str, language: str) -> str:
        return "".join(dict.fromkeys(character for character in text if not character.isascii()))

    def speak(self, text: str, voice: Voice, language: str, speed: float) -> Samples:
        self.spoken.append((text, speed))
        self.go.wait(60)
        if "fault" in text:
            raise ValueError("a fault of the engine")
        if "memory" in text:
            raise RuntimeError("Failed to allocate memory for requested buffer of size 1")
        if not any(character.isascii() and character.isalnum() for character in text):
            raise InvalidRequestError("no sound", param="input")
        times = np.arange(int(len(text) * 0.1 * RATE / speed)) / RATE
        return (0.5 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
