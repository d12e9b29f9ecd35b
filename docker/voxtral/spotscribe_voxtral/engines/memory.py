"""Memory that is free for a batch."""

import os
from pathlib import Path
from typing import Any

from spotscribe_voxtral.engines.memory_budget import CONTEXT_BYTES, GpuUse

_MEMINFO = Path("/proc/meminfo")


def free_bytes(torch: Any, device: str, most: int | None = None) -> int:
    """What a batch can have of the GPU, or else of the machine, whatever a container may be bound to.

    Args:
        torch: the module.
        device: `cuda` or `cpu`.
        most: what this process may take of the GPU in all, in bytes.
    """
    if device == "cuda":
        free, _total = torch.cuda.mem_get_info()
        use = GpuUse(free, kept=torch.cuda.memory_reserved(), used=torch.cuda.memory_allocated())
        return use.room(most)
    if _MEMINFO.is_file():
        values = dict(line.split(":", 1) for line in _MEMINFO.read_text().splitlines())
        return int(values["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def bound_gpu_memory(torch: Any, most: int) -> None:
    """Lets torch take no more, whatever the driver would give: a process that loads later has its share.

    Args:
        torch: the module.
        most: what this process may take of the GPU in all, in bytes, with what CUDA needs for itself.
    """
    _free, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(min(max(most - CONTEXT_BYTES, 0) / total, 1.0))
