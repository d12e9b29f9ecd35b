"""Lets a torch network go first on a GPU that another service shares, for as long as it really computes."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_common.work.liveness import mark


def go_first(network: Any, priority: GpuPriority, check: Callable[[], None] = lambda: None) -> None:
    """From here on, each call of the network holds the priority until its results are there.

    Each call is a step of the work, see :func:`spotscribe_common.work.liveness.mark`.

    Args:
        network: a `torch.nn.Module`; called by one thread, and not within itself.
        priority: where it is not shared, no call waits for its results.
        check: called before each call of the network; may raise to end the work.
    """
    network.register_forward_pre_hook(lambda *_: check())
    network.register_forward_hook(lambda *_: mark())
    if not priority.is_shared:
        return
    import torch  # noqa: PLC0415

    turn = ExitStack()

    def begin(_network: Any, _arguments: Any) -> None:
        turn.enter_context(priority.first())

    def end(_network: Any, _arguments: Any, _result: Any) -> None:
        try:
            # A GPU is given its work, and does it later.
            if torch.cuda.is_initialized():
                torch.cuda.synchronize()
        finally:
            turn.close()

    network.register_forward_pre_hook(begin)
    # Also where the call fails.
    network.register_forward_hook(end, always_call=True)
