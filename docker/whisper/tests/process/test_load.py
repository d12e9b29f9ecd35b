"""Many callers at once, against the service as a process with its real recogniser."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from spotscribe_testing.media import ffmpeg
from spotscribe_testing.places import SAMPLE
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until

CONNECTIONS = 8
REQUESTS = 24
# Seconds of the sample: its first words.
CLIP_SECONDS = 1.5
WAITING = 10


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    ffmpeg("-i", SAMPLE, "-t", str(CLIP_SECONDS), tmp_path / "clip.wav")
    return (tmp_path / "clip.wav").read_bytes()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[int, str]]:
    (tmp_path / "scratch").mkdir()
    environment = {
        "WHISPER_ENGINE": "faster-whisper",
        "TMPDIR": str(tmp_path / "scratch"),
        "SHARED_AUDIO": str(tmp_path),
        "MAX_WAITING": str(WAITING),
        "STOP_SECONDS": "1",
    }
    with service_process("spotscribe_whisper", environment, tmp_path / "log") as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded")
        yield process.pid, url


def transcribe(client: httpx.Client, url: str, clip: bytes) -> httpx.Response:
    return client.post(f"{url}/v1/audio/transcriptions", files={"file": ("clip.wav", clip)}, timeout=600)


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def health_asked(url: str) -> Iterator[list[float]]:
    """The seconds that each answer of `/health` takes meanwhile."""
    took: list[float] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client() as client:
            while not stop.wait(0.02):
                began = time.monotonic()
                assert client.get(f"{url}/health", timeout=600).status_code == 200
                took.append(time.monotonic() - began)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield took
    finally:
        stop.set()
        asking.join()


def nearly_slowest(took: list[float]) -> float:
    """All but a twentieth are quicker: a busy machine may delay a request."""
    return sorted(took)[len(took) * 19 // 20]


def test_many_requests_over_eight_connections_are_all_answered(
    service: tuple[int, str], clip: bytes, tmp_path: Path
) -> None:
    pid, url = service
    with httpx.Client() as client:
        expected = transcribe(client, url, clip).json()["text"]
    assert expected.startswith("Good morning")
    before = resident_megabytes(pid)

    def several(count: int) -> list[httpx.Response]:
        with httpx.Client() as client:
            return [transcribe(client, url, clip) for _ in range(count)]

    shares = [len(range(start, REQUESTS, CONNECTIONS)) for start in range(CONNECTIONS)]
    began = time.monotonic()
    with health_asked(url) as took, ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = [answer for share in pool.map(several, shares) for answer in share]
    lasted = time.monotonic() - began
    assert [answer.status_code for answer in answers] == [200] * REQUESTS
    assert {answer.json()["text"] for answer in answers} == {expected}
    assert nearly_slowest(took) < lasted / 8
    assert resident_megabytes(pid) - before < 100
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_burst_beyond_the_queue_is_told_to_come_back(service: tuple[int, str], clip: bytes) -> None:
    pid, url = service
    before = resident_megabytes(pid)
    burst = 4 * WAITING

    def once(_: int) -> httpx.Response:
        with httpx.Client() as client:
            return transcribe(client, url, clip)

    began = time.monotonic()
    with health_asked(url) as took, ThreadPoolExecutor(burst) as pool:
        answers = list(pool.map(once, range(burst)))
    lasted = time.monotonic() - began
    busy = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert len(answers) - len(busy) >= 1 + WAITING
    assert all(int(answer.headers["retry-after"]) > 0 for answer in busy)
    assert nearly_slowest(took) < lasted / 8
    assert resident_megabytes(pid) - before < 100
    queue = httpx.get(f"{url}/health").json()["queue"]
    assert (queue["inside"], queue["limit"]) == (0, 1 + WAITING)
