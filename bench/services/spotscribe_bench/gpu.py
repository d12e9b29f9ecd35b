"""Share of time that a GPU is idle, reported by its driver."""

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
    """Queries the driver five times a second while the block runs.

    The driver reports the share of the last moments in which any kernel ran. A GPU that is busy with small
    kernels counts as busy, although it could do more.
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
        """Ends the program and sets `waits`."""
        self._process.terminate()
        said, _ = self._process.communicate()
        self.waits = waiting_share(said)


def waiting_share(said: str) -> float | None:
    """Mean share of time, 0 to 1, in which the GPU was idle; None if the driver reported nothing.

    Args:
        said: lines with the percentage of use; lines without a number (`[N/A]`) are skipped.
    """
    used = [int(line) for line in said.splitlines() if line.strip().isdigit()]
    return 1 - sum(used) / len(used) / 100 if used else None
