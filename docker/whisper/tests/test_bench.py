"""The parts of the benchmark that decide or read something: what a process holds, audio of a given length."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from spotscribe_bench.audio import with_pauses
from spotscribe_bench.gpu import GpuWatch, waiting_share
from spotscribe_bench.report import Report
from spotscribe_bench.resident import Peaks, disk_use, memory, processor_seconds, tree
from spotscribe_testing.service.live_server import wait_until

SECOND = 16_000


def test_a_status_file_is_read_in_bytes(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "status").write_text("Name:\tx\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\n")
    assert memory(7, "VmRSS", tmp_path) == 200 * 1024
    assert memory(7, "VmHWM", tmp_path) == 300 * 1024


def test_a_process_that_has_ended_holds_nothing(tmp_path: Path) -> None:
    assert memory(7, "VmRSS", tmp_path) == 0
    assert disk_use([7], tmp_path, tmp_path) == 0


def test_the_processors_time_is_the_processes_own_and_its_childrens(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    fields = ["S", *("0" * 10), "100", "20", "300", "4", "9", "9"]
    (tmp_path / "7" / "stat").write_text(f"7 (a) b ({') '}) {' '.join(fields)}\n")
    assert processor_seconds(7, tmp_path) == pytest.approx(424 / os.sysconf("SC_CLK_TCK"))
    # And where the kernel writes it: this very process has worked.
    assert processor_seconds(os.getpid()) == pytest.approx(sum(os.times()[:4]), abs=1)


def test_children_of_all_threads_and_their_children_are_found(tmp_path: Path) -> None:
    for pid, thread, children in ((1, 1, "2 "), (1, 5, "3 "), (3, 3, "4 "), (2, 2, "")):
        task = tmp_path / str(pid) / "task" / str(thread)
        task.mkdir(parents=True)
        (task / "children").write_text(children)
    assert sorted(tree(1, tmp_path)) == [1, 2, 3, 4]


def test_files_with_and_without_a_name_are_counted_once(tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.write_bytes(bytes(1 << 20))
    with named.open("rb"), tempfile.TemporaryFile(dir=tmp_path) as unnamed:
        unnamed.write(bytes(2 << 20))
        unnamed.flush()
        os.fsync(unnamed.fileno())
        assert 3 << 20 <= disk_use([os.getpid()], tmp_path) < 4 << 20
    assert disk_use([os.getpid()], tmp_path) < 2 << 20


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[bytes]]:
    """A process whose child takes 64 MiB when it is told to, and says so."""
    child = "import sys; sys.stdin.read(1); x = bytearray(b'x') * (64 << 20); sys.stdin.read()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE)
    yield process
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=600)


def test_the_peak_of_a_child_is_seen(holder: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert holder.stdin is not None
    with Peaks(holder.pid, tmp_path) as peaks:
        wait_until(lambda: 0 < peaks.resident < 64 << 20, "the process is looked at")
        holder.stdin.write(b"go")
        holder.stdin.flush()
        wait_until(lambda: peaks.resident > 64 << 20, "its child's memory is seen")


def test_speech_and_pauses_last_exactly_as_long_as_is_wanted() -> None:
    speech = np.full(2 * SECOND, 1000, dtype=np.int16)
    made = with_pauses(speech, 60, np.random.default_rng(3))
    assert len(made) == 60 * SECOND
    assert np.array_equal(made[: len(speech)], speech)
    loud = np.abs(made) == 1000
    assert 0.1 < loud.mean() < 0.9
    assert np.abs(made[~loud]).max() <= 10
    assert np.array_equal(made, with_pauses(speech, 60, np.random.default_rng(3)))


def test_the_gpu_waits_for_what_is_left_of_its_use() -> None:
    assert waiting_share("50\n100\n[N/A]\n 0\n") == pytest.approx(0.5)
    assert waiting_share("[N/A]\n") is None


def test_the_driver_is_asked_for_as_long_as_the_block_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho 40; echo 60; : > {tmp_path}/told; exec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with GpuWatch() as watch:
        wait_until((tmp_path / "told").exists, "the driver has told something")
    assert watch.waits == pytest.approx(0.5)


def test_a_report_is_lines_of_json(tmp_path: Path) -> None:
    report = Report(tmp_path / "report.jsonl")
    report.say("one")
    report.measured({"seconds": [1.5]})
    lines = (tmp_path / "report.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"say": "one"}, {"measured": {"seconds": [1.5]}}]
