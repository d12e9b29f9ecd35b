"""Stands in for whisperX's ctranslate2 model, to pass on and to keep what whisperX itself leaves out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.liveness import mark


class RecordingDecoder:
    """Draws words at a temperature, and remembers how likely silence was, chunk by chunk.

    WhisperX calls `generate` for each batch, in the order of the chunks that it returns.

    Args:
        model: a `ctranslate2.models.Whisper`; what is not said here is its own.
        priority: held while it computes; its results are there when a call returns.
    """

    def __init__(self, model: Any, priority: GpuPriority) -> None:
        self._model = model
        self._priority = priority
        self._temperature = 0.0
        # Codes of the languages that may be detected; None for all.
        self.detectable: Sequence[str] | None = None
        self.no_speech_probs: list[float] = []

    def __getattr__(self, name: str) -> Any:
        """What the model has."""
        return getattr(self._model, name)

    def begin(self, temperature: float) -> None:
        """Forgets the last window's chunks."""
        self._temperature = temperature
        self.no_speech_probs = []

    def encode(self, features: Any, **options: Any) -> Any:
        """The model's own."""
        with self._step():
            return self._model.encode(features, **options)

    def detect_language(self, features: Any) -> Any:
        """The model's own, without the languages that may not be detected."""
        with self._step():
            results = self._model.detect_language(features)
        if self.detectable is None:
            return results
        wanted = {f"<|{code}|>" for code in self.detectable}
        return [[(token, odds) for token, odds in result if token in wanted] for result in results]

    def generate(self, features: Any, prompts: Sequence[Sequence[int]], **options: Any) -> Any:
        """The model's own, at the temperature, with the probability of silence."""
        if self._temperature > 0:
            # Beam search knows no chance: as in OpenAI's whisper, a temperature takes its place.
            options |= {"beam_size": 1, "sampling_topk": 0, "sampling_temperature": self._temperature}
        with self._step():
            results = self._model.generate(features, prompts, return_no_speech_prob=True, **options)
        self.no_speech_probs += [float(result.no_speech_prob) for result in results]
        return results

    @contextmanager
    def _step(self) -> Iterator[None]:
        with self._priority.first():
            yield
        mark()
