"""An engine under the test's control: it hears one word a second, and only goes on when it may."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_common.contract import Degradation
from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.work.device import Device
from spotscribe_common.work.model_thread import InTurn
from spotscribe_whisper.engines.engine import Ability, Heard, HeardSegment, HeardWord, Hearing, Sharing


class ScriptedEngine:
    """Windows of 10 s. `go` lets it work; clear it to hold it inside a window."""

    longest_window = 10.0
    abilities: frozenset[Ability] = frozenset({"translate", "prompt", "hotwords", "temperature"})

    def __init__(self) -> None:
        self.name = "faster-whisper"
        self.model = "scripted"
        self.go = threading.Event()
        self.go.set()
        self.may_load = threading.Event()
        self.may_load.set()
        self.load_failure: Exception | None = None
        self.hear_failure: Exception | None = None
        self.losses: list[Degradation] = []
        # Languages by how probable they are.
        self.odds = ["de", "fr", "en", "ja"]
        # Languages of the windows in turn, where several are possible.
        self.spoken: list[str] = []
        self.windows: list[float] = []
        self.asked: list[Hearing] = []
        self.cancelled = 0
        self.at_work = 0
        self.most_at_work = 0

    def prepare(self) -> None:
        pass

    def load(self) -> None:
        self.may_load.wait(30)
        if self.load_failure is not None:
            raise self.load_failure

    def share(self, in_turn: InTurn) -> Sharing | None:
        """It hears one recording after another."""
        return None

    def languages(self) -> Mapping[str, str]:
        return {"en": "english", "de": "german", "fr": "french", "ja": "japanese"}

    def device(self) -> Device:
        return Device("cpu")

    def detect_language(
        self, samples: Samples, among: Sequence[str] | None, cancelled: Callable[[], bool]
    ) -> str:
        return next(code for code in self.odds if among is None or code in among)

    def tokens(self, text: str) -> list[int]:
        return list(text.encode())

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:
        self.asked.append(how)
        self.windows.append(len(samples) / SAMPLE_RATE)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            until = time.monotonic() + 600
            while not self.go.wait(0.01):
                if cancelled():
                    self.cancelled += 1
                    raise CancelledWorkError
                assert time.monotonic() < until, "nobody let the engine go on"
            if self.hear_failure is not None:
                raise self.hear_failure
        finally:
            self.at_work -= 1
        seconds = len(samples) // SAMPLE_RATE
        language = how.language
        if how.languages and self.spoken:
            language = self.spoken[(len(self.windows) - 1) % len(self.spoken)]
        words = [HeardWord(f"{language}{at}", at + 0.1, at + 0.9, 0.5) for at in range(seconds)]
        text = " ".join(word.text for word in words)
        segment = HeardSegment(0.1, seconds - 0.1, text, words, language=language if how.languages else None)
        return Heard([segment], [*self.losses])
