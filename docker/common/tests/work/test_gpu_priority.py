"""One GPU, two processes: the second makes no step while the first computes, and is not held up for good."""

import errno
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from spotscribe_common.work.gpu_priority import GAP_SECONDS, GpuPriority
from spotscribe_testing.places import DOCKER

# Goes first while it is told so line by line, and says what it did.
HOLDER = """
import sys
from pathlib import Path
from spotscribe_common.work.gpu_priority import GpuPriority
priority = GpuPriority(Path(sys.argv[1]))
for _ in sys.stdin:
    with priority.first(), priority.first():
        print("held", flush=True)
        sys.stdin.readline()
    print("released", flush=True)
"""
# Makes steps, each of which is a byte at the end of a file.
WAITER = """
import sys, time
from pathlib import Path
from spotscribe_common.work.gpu_priority import GpuPriority
priority = GpuPriority(Path(sys.argv[1]), stopped_after=float(sys.argv[2]))
with Path(sys.argv[3]).open("ab", buffering=0) as steps:
    while True:
        priority.give_way(lambda: False)
        steps.write(b".")
        time.sleep(0.002)
"""
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    begun: list[subprocess.Popen[str]] = []

    def started(program: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", program, *map(str, arguments)]
        begun.append(
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={"PYTHONPATH": str(DOCKER / "common")},
            )
        )
        return begun[-1]

    yield started
    for process in begun:
        process.kill()
        process.communicate()


class Steps:
    """The steps that a process makes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def count(self) -> int:
        return self._file.stat().st_size if self._file.exists() else 0

    def go_on(self, within: float = 120) -> bool:
        before, until = self.count(), time.monotonic() + within
        while self.count() <= before + 2:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def stand_still(self, seconds: float = 0.5) -> bool:
        before = self.count()
        time.sleep(seconds)
        # A step that was begun before the lock was held may still be made.
        return self.count() <= before + 1


def pipe(of: IO[str] | None) -> IO[str]:
    assert of is not None
    return of


def tell(holder: subprocess.Popen[str]) -> str:
    pipe(holder.stdin).write("\n")
    pipe(holder.stdin).flush()
    return pipe(holder.stdout).readline().strip()


def test_no_step_is_made_while_another_process_goes_first(start: Start, tmp_path: Path) -> None:
    file, steps = tmp_path / "gpu", Steps(tmp_path / "steps")
    holder = start(HOLDER, file)
    start(WAITER, file, 60, tmp_path / "steps")
    assert steps.go_on()
    for _ in range(2):
        assert tell(holder) == "held"
        assert steps.stand_still()
        assert tell(holder) == "released"
        assert steps.go_on()


def test_the_lock_of_a_killed_process_goes_with_it(start: Start, tmp_path: Path) -> None:
    file, steps = tmp_path / "gpu", Steps(tmp_path / "steps")
    holder = start(HOLDER, file)
    assert tell(holder) == "held"
    start(WAITER, file, 60, tmp_path / "steps")
    assert steps.stand_still()
    holder.send_signal(signal.SIGKILL)
    assert steps.go_on()


def test_the_lock_of_a_stopped_process_is_ignored_in_time_and_counts_again_later(
    start: Start, tmp_path: Path
) -> None:
    file, steps = tmp_path / "gpu", Steps(tmp_path / "steps")
    holder = start(HOLDER, file)
    start(WAITER, file, 4, tmp_path / "steps")
    assert steps.go_on()
    assert tell(holder) == "held"
    holder.send_signal(signal.SIGSTOP)
    assert steps.stand_still()
    assert steps.go_on()
    holder.send_signal(signal.SIGCONT)
    assert tell(holder) == "released"
    assert tell(holder) == "held"
    assert steps.stand_still()


def test_who_goes_first_does_not_wait_for_who_looks_and_is_stopped(start: Start, tmp_path: Path) -> None:
    import fcntl

    file = tmp_path / "gpu"
    file.touch()
    with file.open() as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)
        holder = start(HOLDER, file)
        assert tell(holder) == "held"


def test_waiting_ends_when_nobody_wants_the_result(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "gpu"
    assert tell(start(HOLDER, file)) == "held"
    asked: list[None] = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) == 3

    GpuPriority(file).give_way(cancelled)
    assert len(asked) == 3


def test_the_gap_between_two_batches_is_waited_for(tmp_path: Path) -> None:
    first, second = GpuPriority(tmp_path / "gpu"), GpuPriority(tmp_path / "gpu")
    with first.first():
        pass
    released = time.monotonic()
    second.give_way(lambda: False)
    assert time.monotonic() - released >= GAP_SECONDS
    # Nothing happened since: this look is the first one, and would never end if it waited.
    second.give_way(lambda: pytest.fail("it waits"))


def test_without_a_file_nobody_waits_and_nothing_is_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    alone = GpuPriority(None)
    assert not alone.is_shared
    with alone.first():
        alone.give_way(lambda: pytest.fail("it waits"))
    missing = GpuPriority(tmp_path / "nowhere" / "gpu")
    missing.give_way(lambda: pytest.fail("it waits"))
    for _ in range(2):
        with missing.first():
            pass
    assert [record.message for record in caplog.records if "without an order" in record.message] == [
        f"the GPU is shared without an order: [Errno 2] No such file or directory: '{tmp_path}/nowhere/gpu'"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_locked_holds_up_nobody_and_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It ended the transcription, and left a descriptor behind at each batch."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("spotscribe_common.work.gpu_priority.fcntl.flock", no_locks)
    priority = GpuPriority(tmp_path / "gpu")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with priority.first():
            pass
        priority.give_way(lambda: pytest.fail("it waits"))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert len(caplog.records) == 1
