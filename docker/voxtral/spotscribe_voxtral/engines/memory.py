"""Memory that is free for a batch."""

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
