"""The service as a process, with the engine for laptops: start, real words, losses, stop."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from spotscribe_testing.media import ffmpeg
from spotscribe_testing.places import SAMPLE, plain_words, sample_words
from spotscribe_testing.service.answers import events
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until

MODULE = "spotscribe_voxtral"
STREAM = {"Accept": "application/x-ndjson"}


class Running(NamedTuple):
    process: subprocess.Popen[bytes]
    url: str
    shared: Path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    for name in ("shared", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "shared" / "input").write_bytes(SAMPLE.read_bytes())
    return {
        "VOXTRAL_ENGINE": "extractive",
        "SHARED_AUDIO": str(tmp_path / "shared"),
        "TMPDIR": str(tmp_path / "scratch"),
        "STOP_SECONDS": "2",
    }


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    with service_process(MODULE, environment, tmp_path / "log") as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded")
        yield Running(process, url, tmp_path / "shared")


def test_the_samples_words_come_back_and_are_analysed_and_sigterm_ends_with_0(running: Running) -> None:
    assert httpx.get(f"{running.url}/health").json()["engine"] == "extractive"
    transcript = httpx.post(f"{running.url}/transcribe", json={"path": "input"}, timeout=600).json()
    check("Transcript", transcript)
    heard = plain_words(transcript["text"])
    assert heard == sample_words()
    answer = httpx.post(f"{running.url}/analyze", json={"path": "input"}, headers=STREAM, timeout=600)
    analysis = events(answer, "AnalyzeEvent")[-1]["analysis"]
    assert analysis["engine"]["name"] == "extractive"
    assert set(analysis["summary"].lower().replace(".", " ").split()) & set(heard)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=600) == 0


def test_sigterm_in_the_middle_of_work_gives_it_a_bounded_time_and_ends_with_0(running: Running) -> None:
    ffmpeg("-stream_loop", "29", "-i", SAMPLE, "-c:a", "flac", "-f", "flac", running.shared / "long")
    body = {"path": "long", "tasks": ["summary"]}
    with httpx.stream("POST", f"{running.url}/analyze", json=body, headers=STREAM, timeout=600) as answer:
        lines = filter(None, answer.iter_lines())
        assert json.loads(next(lines))["type"] == "started"
        running.process.send_signal(signal.SIGTERM)
        with pytest.raises(httpx.TransportError):
            list(lines)
    assert running.process.wait(timeout=600) == 0


@pytest.mark.parametrize(
    ("name", "value"), [("VOXTRAL_ENGINE", "voxtrall"), ("GPU_MEMORY_MIB", "0"), ("VOXTRAL_MODEL", "../x")]
)
def test_a_bad_setting_is_named_with_its_value_and_no_trace(
    name: str, value: str, environment: dict[str, str], tmp_path: Path
) -> None:
    with (
        pytest.raises(AssertionError, match=f"{name} is '{value}'"),
        service_process(MODULE, {**environment, name: value}, tmp_path / "log"),
    ):
        pass
    assert "Traceback" not in (tmp_path / "log").read_text()
