"""What a model runs on."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Device:
    """What an engine runs on; the memory in bytes, for a GPU."""

    kind: Literal["cpu", "cuda"]
    name: str | None = None
    memory_total: int | None = None
    memory_used: int | None = None
