"""The service as a process, with the real recogniser: start, real words, stop."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from spotscribe_testing.media import ffmpeg
from spotscribe_testing.places import SAMPLE, plain_words, sample_words
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until

MODULE = "spotscribe_whisper"
STREAM = {"Accept": "application/x-ndjson"}
CREDENTIALS = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"


class Running(NamedTuple):
    process: subprocess.Popen[bytes]
    url: str
    shared: Path
    log: Path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    for name in ("shared", "scratch"):
        (tmp_path / name).mkdir()
    return {
        "WHISPER_ENGINE": "faster-whisper",
        "SHARED_AUDIO": str(tmp_path / "shared"),
        "TMPDIR": str(tmp_path / "scratch"),
        "STOP_SECONDS": "4",
        # As the ECS agent adds to every container of a task.
        CREDENTIALS: "/v2/credentials/0a1b2c3d",
    }


@pytest.fixture
def running(environment: dict[str, str], tmp_path: Path) -> Iterator[Running]:
    log = tmp_path / "log"
    with service_process(MODULE, environment, log) as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded")
        yield Running(process, url, tmp_path / "shared", log)


def test_the_way_to_the_tasks_credentials_is_gone_from_the_process_and_its_children(running: Running) -> None:
    pid = running.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for process in [str(pid), *children]:
        environment = Path(f"/proc/{process}/environ").read_bytes().decode()
        assert "WHISPER_ENGINE=faster-whisper" in environment
        assert CREDENTIALS not in environment


def long_speech(shared: Path, times: int) -> str:
    """The sample again and again."""
    ffmpeg("-stream_loop", str(times - 1), "-i", SAMPLE, "-c:a", "flac", "-f", "flac", shared / "long")
    return "long"


def test_the_samples_words_come_back_while_health_answers_and_sigterm_ends_with_0(running: Running) -> None:
    path = long_speech(running.shared, 2)
    began, waits = time.monotonic(), [0.0]
    with ThreadPoolExecutor() as pool:
        heard = pool.submit(httpx.post, f"{running.url}/transcribe", json={"path": path}, timeout=600)
        while not heard.done():
            asked = time.monotonic()
            assert httpx.get(f"{running.url}/health", timeout=600).status_code == 200
            waits.append(time.monotonic() - asked)
            time.sleep(0.02)
    assert plain_words(heard.result().json()["text"]) == sample_words() * 2
    # A recogniser in the service's own process held up whoever asked for as long as it heard a window.
    # All but a twentieth: a busy machine may delay a request.
    assert sorted(waits)[len(waits) * 19 // 20] < (time.monotonic() - began) / 4
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=600) == 0
    assert "Traceback" not in running.log.read_text()


def test_a_run_killed_after_a_window_and_resumed_gives_the_same_transcript(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """As after a spot loss: the first process is killed after its second window, another one goes on."""
    path = long_speech(tmp_path / "shared", 3)
    earlier: list[dict[str, Any]] = []
    windows = 0
    with service_process(MODULE, environment, tmp_path / "log-1") as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded")
        with httpx.stream(
            "POST", f"{url}/transcribe", json={"path": path}, headers=STREAM, timeout=600
        ) as answer:
            for line in filter(None, answer.iter_lines()):
                event = json.loads(line)
                if event["type"] == "segment":
                    earlier.append(event["segment"])
                if event["type"] == "window":
                    end = event["end"]
                    windows += 1
                if windows == 2:
                    process.kill()
                    break
    with service_process(MODULE, environment, tmp_path / "log-2") as (_, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded")
        rest = {"path": path, "start_at": end, "earlier": earlier}
        resumed = httpx.post(f"{url}/transcribe", json=rest, timeout=600).json()
        whole = httpx.post(f"{url}/transcribe", json={"path": path}, timeout=600).json()
    assert 0 < end < whole["duration"]
    assert resumed == whole
    assert plain_words(whole["text"]) == sample_words() * 3


def test_sigterm_in_the_middle_of_work_gives_it_a_bounded_time_and_ends_with_0(running: Running) -> None:
    path = long_speech(running.shared, 30)
    request: dict[str, Any] = {"json": {"path": path}, "headers": STREAM, "timeout": 600}
    with httpx.stream("POST", f"{running.url}/transcribe", **request) as answer:
        lines = answer.iter_lines()
        next(lines)
        running.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(running.url), "no new connection is taken")
        assert running.process.poll() is None
        with pytest.raises(httpx.TransportError):
            list(lines)
    assert running.process.wait(timeout=600) == 0


def test_requests_in_place_that_are_under_way_at_sigterm_are_answered(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """As when a task is replaced: nothing new comes, and what is there gets the time that it takes."""
    log = tmp_path / "log"
    with service_process(MODULE, {**environment, "STOP_SECONDS": "110"}, log) as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded")

        def ask() -> httpx.Response:
            files = {"file": ("speech.flac", SAMPLE.read_bytes())}
            return httpx.post(f"{url}/v1/audio/transcriptions", files=files, timeout=110)

        with ThreadPoolExecutor() as pool:
            answers = [pool.submit(ask) for _ in range(2)]
            wait_until(lambda: httpx.get(f"{url}/health").json()["queue"]["inside"] == 2, "both are in")
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: refuses(url), "no new connection is taken")
            assert not all(answer.done() for answer in answers)
            for answer in answers:
                assert answer.result().status_code == 200
                assert plain_words(answer.result().json()["text"]) == sample_words()
        assert process.wait(timeout=600) == 0
    assert "Traceback" not in log.read_text()


def test_who_still_waits_at_the_end_of_that_time_is_told_so(running: Running) -> None:
    path = long_speech(running.shared, 30)

    def ask() -> httpx.Response:
        return httpx.post(f"{running.url}/transcribe", json={"path": path}, timeout=600)

    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(ask) for _ in range(2)]
        wait_until(lambda: httpx.get(f"{running.url}/health").json()["queue"]["inside"] == 2, "both are in")
        running.process.send_signal(signal.SIGTERM)
        for answer in answers:
            check("ErrorBody", answer.result().json())
            assert answer.result().status_code == 503
            assert int(answer.result().headers["retry-after"]) > 0
    assert running.process.wait(timeout=600) == 0
    assert "Traceback" not in running.log.read_text()


def refuses(url: str) -> bool:
    """Whether a new connection is refused."""
    try:
        httpx.get(f"{url}/health", timeout=1)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        # The kernel had taken it before the service closed its door, which then hung up on it.
        return False
    return False


def test_a_bad_setting_is_named_with_its_value_and_no_trace(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with (
        pytest.raises(AssertionError, match="WHISPER_ENGINE is 'whisper'"),
        service_process(MODULE, {**environment, "WHISPER_ENGINE": "whisper"}, tmp_path / "log"),
    ):
        pass
    assert "Traceback" not in (tmp_path / "log").read_text()
