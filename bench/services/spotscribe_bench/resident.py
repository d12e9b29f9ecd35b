"""What a process and its children take of memory, of a scratch disk and of the processor, from /proc."""

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
# What the kernel throws when a process ends while it is looked at.
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


class Peaks:
    """Looks ten times a second for as long as the block runs.

    What is shared (libraries, above all) counts for each process: the sum is rather too large than too small.

    Args:
        pid: the process.
        scratch: the directory whose files are counted, also those without a name.
    """

    def __init__(self, pid: int, scratch: Path) -> None:
        self.resident = memory(pid, "VmRSS")
        self.scratch = 0
        self._pid = pid
        self._directory = scratch
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peaks")

    def __enter__(self) -> Self:
        """Forgets the process's own peak so far, and begins to look."""
        forget_peak(self._pid)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Looks no more."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            pids = list(tree(self._pid))
            self.resident = max(self.resident, sum(memory(pid, "VmRSS") for pid in pids))
            self.scratch = max(self.scratch, disk_use(pids, self._directory))


def tree(pid: int, proc: Path = _PROC) -> Iterator[int]:
    """The process and all that descend from it."""
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
        proc: where the kernel tells it.
    """
    with suppress(*_GONE):
        found = re.search(rf"^{field}:\s+(\d+) kB$", (proc / str(pid) / "status").read_text(), re.MULTILINE)
        return 0 if found is None else int(found[1]) * 1024
    return 0


def processor_seconds(pid: int, proc: Path = _PROC) -> float:
    """Time on the processor of a process, and of its children that have ended."""
    # The name, in brackets, may hold anything; utime, stime, cutime and cstime are 12th to 15th after it.
    fields = (proc / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid: int) -> None:
    """Lets `VmHWM` begin anew at what the process holds now."""
    (_PROC / str(pid) / "clear_refs").write_text("5")


def disk_use(pids: list[int], directory: Path, proc: Path = _PROC) -> int:
    """Bytes of the files below a directory, and of those there that processes hold open without a name."""
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
