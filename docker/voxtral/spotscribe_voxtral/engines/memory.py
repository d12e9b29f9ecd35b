"""Memory that is free for a batch, memory that ran out, and memory that is given back."""

import gc
import os
from pathlib import Path
from typing import Any

_MEMINFO = Path("/proc/meminfo")


def free_bytes(torch: Any, device: str) -> int:
    """What a batch can have of the GPU, or else of the machine, whatever a container may be bound to."""
    if device == "cuda":
        free, _total = torch.cuda.mem_get_info()
        # The allocator keeps what earlier batches had, for the next one.
        return int(free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated())
    if _MEMINFO.is_file():
        values = dict(line.split(":", 1) for line in _MEMINFO.read_text().splitlines())
        return int(values["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a failure says that memory did not suffice.

    There is no one class for it: torch raises its own `OutOfMemoryError`, or a plain RuntimeError with the
    words of cuBLAS (`…ALLOC_FAILED`) or of its CPU allocator ("can't allocate memory").
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and ("out of memory" in said or "alloc" in said)


def release_memory(torch: Any) -> None:
    """Gives back what torch keeps of the GPU's memory: other models share the card."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
