"""How much of its time a GPU waits, as its driver tells it."""

import subprocess
from types import TracebackType
from typing import Self

_QUERY = (
    "nvidia-smi",
    "--id=0",
    "--query-gpu=utilization.gpu",
    "--format=csv,noheader,nounits",
    "-lms",
    "200",
)


class GpuWatch:
    """Asks the driver five times a second for as long as the block runs.

    The driver's figure is the share of its last moments in which any kernel ran: a GPU that is kept busy by
    small kernels does not wait, although it could do more.
    """

    def __init__(self) -> None:
        self.waits: float | None = None

    def __enter__(self) -> Self:
        """Starts the driver's program."""
        self._process = subprocess.Popen(_QUERY, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it; `waits` is known from here on."""
        self._process.terminate()
        said, _ = self._process.communicate()
        self.waits = waiting_share(said)


def waiting_share(said: str) -> float | None:
    """Mean share of time, 0 to 1, in which the GPU waited; None if the driver told nothing.

    Args:
        said: lines of percentages in use; what is no number (`[N/A]`) is passed over.
    """
    used = [int(line) for line in said.splitlines() if line.strip().isdigit()]
    return 1 - sum(used) / len(used) / 100 if used else None
