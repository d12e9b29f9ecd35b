"""The benchmark of two processes on one device: what they are made to do, and that the device is one."""

import fcntl
import json
import time
from pathlib import Path

import pytest

from spotscribe_bench import shared_device
from spotscribe_bench.report import Report
from spotscribe_bench.shared_device import Device, Work, analyse, analysing, device_share, transcribing
from spotscribe_common.work.gpu_priority import GpuPriority


def test_the_device_is_taken_while_it_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "device"
    worked: list[float] = []

    def look(seconds: float) -> None:
        with file.open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        worked.append(seconds)

    monkeypatch.setattr(time, "sleep", look)
    Device(file).work(3.0)
    Device(file).work(4.0)
    assert worked == [3.0, 4.0]


def test_the_transcribers_time_is_parted_as_its_source_tells() -> None:
    work = transcribing(2100.0)
    assert sum(each.seconds for each in work) == pytest.approx(82.0)
    aligned = work[2 : 2 + 2 * 84]
    assert sum(each.seconds for each in aligned) == pytest.approx(41.0)
    assert [each.on for each in aligned] == ["device", "processor"] * 84
    assert sum(each.seconds for each in work[2 + 2 * 84 :]) == pytest.approx(26.0)
    assert work[-1].on == "processor"


def test_the_share_is_that_of_time_not_of_pieces() -> None:
    work = [Work("device", 3.0), Work("processor", 0.5), Work("processor", 0.5)]
    assert device_share(work) == pytest.approx(0.75)
    assert device_share(analysing()) == 1


def test_an_analyst_asks_before_each_piece_who_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(GpuPriority, "give_way", lambda *_: done.append("asked"))
    monkeypatch.setattr(Device, "work", lambda _, seconds: done.append(f"{seconds}"))
    analyse(tmp_path, [Work("device", 1.0), Work("device", 2.0)])
    assert done == ["asked", "1.0", "asked", "2.0"]


def test_both_processes_together_take_no_less_than_the_device_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transcriber = [Work("processor", 0.01), *[Work("device", 0.1), Work("processor", 0.1)] * 3]
    monkeypatch.setattr(shared_device, "_ROUNDS", 2)
    monkeypatch.setattr(shared_device, "transcribing", lambda _: transcriber)
    monkeypatch.setattr(shared_device, "analysing", lambda: [Work("device", 0.02)] * 20)
    shared_device.measure(tmp_path, Report(tmp_path / "report.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "report.jsonl").read_text().splitlines()]
    assert len([line for line in lines if "say" in line]) == 4
    found = lines[-1]["measured"]
    assert found["device_share"] == pytest.approx(0.3 / 0.61)
    for took in found["in_turn"]:
        assert took["transcript"] >= 0.61
        assert took["total"] >= 0.61 + 0.4
    assert len(found["at_once"]) == 2
    for took in found["at_once"]:
        assert took["total"] >= max(took["transcript"], 0.3 + 0.4)
