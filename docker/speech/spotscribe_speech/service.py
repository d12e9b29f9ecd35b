"""The engine that speaks, and the work that is let in to it."""

import time

import numpy as np

from spotscribe_common.contract.speech import FASTEST, SLOWEST
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.service import ModelService
from spotscribe_speech.engines.engine import Engine, Samples, Voice
from spotscribe_speech.metrics import SpeechMetrics
from spotscribe_speech.settings import Settings
from spotscribe_speech.sound.joining import joined
from spotscribe_speech.synthesis.turns import Turns
from spotscribe_speech.text.plan import Plan, Sentence
from spotscribe_speech.voice_names import resolved

# Characters that a message about those without a sound shows.
_MOST_SHOWN = 20
_NO_SAMPLES: Samples = np.zeros(0, np.float32)


class SpeechService(ModelService):
    """Speaks sentences of requests and jobs, one at a time."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.metrics = SpeechMetrics()
        super().__init__(settings, engine, self.metrics)
        self._turns = Turns(self, GpuPriority(settings.gpu_priority_file))
        self.metrics.gauge(
            "spotscribe_waiting_sentences", "Sentences that wait.", lambda: self._turns.waiting
        )

    def voice(self, name: str | None, language: str | None) -> tuple[Voice, str]:
        """The voice, and the language that it speaks; see :func:`resolved`.

        Raises:
            InvalidRequestError: naming those that there are.
        """
        return resolved(self.engine, name, language)

    def left_out(self, plan: Plan, language: str) -> list[str]:
        """What of a text is not spoken and why, as sentences for the caller.

        It takes time in proportion to the text: called in a thread if that is long.
        """
        text = "".join(dict.fromkeys("".join(sentence.text for sentence in plan.sentences)))
        silent = self.engine.unspeakable(text, language)
        if not silent:
            return list(plan.left_out)
        shown = " ".join(silent[:_MOST_SHOWN]) + ("…" if len(silent) > _MOST_SHOWN else "")
        return [*plan.left_out, f"The engine {self.engine.name} has no sound for {shown}"]

    async def speak(
        self, sentence: Sentence, voice: Voice, language: str, speed: float, *, is_patient: bool
    ) -> Samples:
        """One sentence, and the pause after it.

        Args:
            sentence: without text it is a pause alone.
            voice: one of the engine's.
            language: one of the voice's.
            speed: of the request. The sentence's own is a factor of it.
            is_patient: whether sentences of others come first.

        Raises:
            InvalidRequestError: it has no sound.
            OutOfMemoryError: the memory did not suffice for it.
            StuckError: the engine does not get on.
        """
        rate = self.engine.sample_rate
        pace = min(max(speed * sentence.rate, SLOWEST), FASTEST)
        began = time.monotonic()

        def work() -> Samples:
            self.metrics.took("wait", time.monotonic() - began)
            with self.metrics.timed("sentence"):
                spoken = self.engine.speak(sentence.text, voice, language, pace)
            return joined(spoken, sentence.pause, rate)

        if sentence.text:
            samples = await self._turns.samples(work, is_patient=is_patient)
        else:
            samples = joined(_NO_SAMPLES, sentence.pause, rate)
        self.metrics.spoke(sentence.characters, samples.size / rate)
        return samples
