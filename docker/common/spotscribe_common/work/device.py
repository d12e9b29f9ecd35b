"""What a model runs on."""

from dataclasses import dataclass
from typing import Literal

from spotscribe_common.process.memory import is_out_of_memory

_FAULTS = ("cuda error", "cuda failed", "cuda failure")


@dataclass(frozen=True)
class Device:
    """What an engine runs on; the memory in bytes, for a GPU."""

    kind: Literal["cpu", "cuda"]
    name: str | None = None
    memory_total: int | None = None
    memory_used: int | None = None


def is_device_lost(error: RuntimeError) -> bool:
    """Whether a failure has spoilt the GPU for this process, so that all that follows fails as well.

    After a fault in a kernel, such as an illegal memory access, CUDA answers every call of the process with
    that error until it ends ("sticky" errors, CUDA's guide to its runtime, error handling). torch says
    `CUDA error: …`, ctranslate2 `CUDA failed with error …`, ONNX Runtime `CUDA failure 700: …`; memory that
    runs out is none of these.
    """
    said = str(error).lower()
    return any(words in said for words in _FAULTS) and not is_out_of_memory(error)
