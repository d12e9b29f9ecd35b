"""Where the model's work can rest, or end: before each layer while it hears and reads, and at each token."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.liveness import mark
from spotscribe_voxtral.engines.engine import CancelledGenerationError


class Pauses:
    """Asks, step by step, who goes first on the GPU, and whether anybody still wants the answer.

    A prompt with ten minutes of audio is read in one call, which takes a T4 seconds; one layer's share of it
    is a tenth of a second.

    Args:
        torch: the module.
        priority: of another service on the same GPU.
    """

    def __init__(self, torch: Any, priority: GpuPriority) -> None:
        self._torch = torch
        self._priority = priority
        self._cancelled: Callable[[], bool] = _wanted

    def add_to(self, voxtral: Any) -> None:
        """Pauses before each layer of a `VoxtralForConditionalGeneration`, from here on."""
        for layer in (*voxtral.audio_tower.layers, *voxtral.language_model.model.layers):
            layer.register_forward_pre_hook(self._before_layer)

    @contextmanager
    def asking(self, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Whether what is worked on meanwhile is still wanted is asked of `cancelled`."""
        self._cancelled = cancelled
        try:
            yield
        finally:
            self._cancelled = _wanted

    def pause(self) -> None:
        """Waits while another service goes first.

        Raises:
            CancelledGenerationError: nobody wants the answer any more.
        """
        if self._torch.cuda.is_initialized():
            # A GPU is given its work and does it later: without this, all layers would be under way by now.
            self._torch.cuda.synchronize()
        mark()
        self._priority.give_way(self._cancelled)
        if self._cancelled():
            raise CancelledGenerationError

    def _before_layer(self, _layer: Any, arguments: tuple[Any, ...]) -> None:
        """Pauses if there is more than one token, or step of sound, in (rows, tokens, width)."""
        if arguments[0].shape[1] > 1:
            self.pause()


def _wanted() -> bool:
    return False
