"""Memory, scratch disk and processor time of a process and its children, from /proc."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_PROC = Path("/proc")
_LOOK_SECONDS = 0.1
# Errors if a process ends while it is inspected.
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


class Peaks:
    """Samples memory and disk ten times a second while the block runs.

    Shared memory, mostly of libraries, counts for each process, so the sum is an upper bound.

    Args:
        pid: the process.
        scratch: the directory whose files are counted, including deleted files that are still open.
    """

    def __init__(self, pid: int, scratch: Path) -> None:
        self.resident = memory(pid, "VmRSS")
        self.scratch = 0
        self._pid = pid
        self._directory = scratch
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peaks")

    def __enter__(self) -> Self:
        """Resets the process's peak, and starts sampling."""
        forget_peak(self._pid)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops sampling."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            pids = list(tree(self._pid))
            self.resident = max(self.resident, sum(memory(pid, "VmRSS") for pid in pids))
            self.scratch = max(self.scratch, disk_use(pids, self._directory))


def tree(pid: int, proc: Path = _PROC) -> Iterator[int]:
    """The process and all its descendants."""
    yield pid
    for children in (proc / str(pid) / "task").glob("*/children"):
        with suppress(*_GONE):
            for child in children.read_text().split():
                yield from tree(int(child), proc)


def memory(pid: int, field: str, proc: Path = _PROC) -> int:
    """Bytes of a process's `VmRSS` or `VmHWM` (its peak); 0 if it has ended.

    Args:
        pid: the process.
        field: name in its `status` file.
        proc: mount point of procfs.
    """
    with suppress(*_GONE):
        found = re.search(rf"^{field}:\s+(\d+) kB$", (proc / str(pid) / "status").read_text(), re.MULTILINE)
        return 0 if found is None else int(found[1]) * 1024
    return 0


def processor_seconds(pid: int, proc: Path = _PROC) -> float:
    """Processor time of a process and its ended children."""
    # The name, in parentheses, may contain any characters. utime, stime, cutime and cstime are the 12th to
    # 15th field after it.
    fields = (proc / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid: int) -> None:
    """Resets `VmHWM` to the current memory of the process."""
    (_PROC / str(pid) / "clear_refs").write_text("5")


def disk_use(pids: list[int], directory: Path, proc: Path = _PROC) -> int:
    """Bytes of the files in a directory, including deleted ones that processes keep open."""
    files: dict[tuple[int, int], int] = {}
    held = (link for pid in pids for link in _entries(proc / str(pid) / "fd") if _leads_into(link, directory))
    for file in (*directory.rglob("*"), *held):
        with suppress(*_GONE):
            found = file.stat()
            files[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(files.values())


def _entries(directory: Path) -> list[Path]:
    with suppress(*_GONE):
        return list(directory.iterdir())
    return []


def _leads_into(link: Path, directory: Path) -> bool:
    with suppress(*_GONE):
        return str(link.readlink()).startswith(f"{directory}/")
    return False
