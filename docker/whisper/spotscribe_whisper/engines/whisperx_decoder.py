"""Stands in for whisperX's ctranslate2 model: the GPU's priority and the marks of progress are held here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.liveness import mark


class PriorityModel:
    """A Whisper model whose every step goes first on a shared GPU, and counts as progress.

    Args:
        model: a `ctranslate2.models.Whisper`; what is not said here is its own.
        priority: held while it computes; its results are there when a call returns.
    """

    def __init__(self, model: Any, priority: GpuPriority) -> None:
        self._model = model
        self._priority = priority

    def __getattr__(self, name: str) -> Any:
        """What the model has."""
        return getattr(self._model, name)

    def encode(self, features: Any, **options: Any) -> Any:
        """The model's own."""
        with self._step():
            return self._model.encode(features, **options)

    def detect_language(self, features: Any) -> Any:
        """The model's own."""
        with self._step():
            return self._model.detect_language(features)

    def generate(self, features: Any, prompts: Sequence[Sequence[int]], **options: Any) -> Any:
        """The model's own."""
        with self._step():
            return self._model.generate(features, prompts, **options)

    def align(self, features: Any, *arguments: Any, **options: Any) -> Any:
        """The model's own."""
        with self._step():
            return self._model.align(features, *arguments, **options)

    @contextmanager
    def _step(self) -> Iterator[None]:
        with self._priority.first():
            yield
        mark()
