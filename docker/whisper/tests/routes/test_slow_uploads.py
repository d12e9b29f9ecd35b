"""Bodies that come slowly, many at once, or not to their end: nobody is kept out, and nothing fills up."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_common.receiving import intake
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.dribble import FORM, FORM_START, connected, dribbling, head
from spotscribe_testing.service.live_server import answers_ok, open_files, served, service_process, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.settings import Settings

JSON = "application/json"
OPENAI = "/v1/audio/transcriptions"


def queue(url: str) -> dict[str, Any]:
    answer = httpx.get(f"{url}/health", timeout=60)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()["queue"]
    return found


def upload(url: str, content: bytes) -> httpx.Response:
    return httpx.post(f"{url}{OPENAI}", files={"file": ("a.flac", content)}, timeout=60)


@pytest.fixture
def sound(settings: Settings, audio: str) -> bytes:
    return (settings.shared_audio / audio).read_bytes()


@contextmanager
def service(settings: Settings, **changes: Any) -> Iterator[str]:
    """A service with other settings."""
    app = create_app(settings.model_copy(update=changes), ScriptedEngine(), ScriptedDiarizer())
    with served(app) as url:
        wait_until(lambda: answers_ok(url), "the engine has loaded")
        yield url


@pytest.mark.parametrize(
    ("path", "content_type", "count"),
    [
        (OPENAI, FORM, 17),
        (OPENAI, FORM, 100),
        ("/transcribe", FORM, 17),
        ("/transcribe", JSON, 100),
    ],
)
def test_dribbling_uploads_keep_nobody_out(
    path: str, content_type: str, count: int, url: str, sound: bytes
) -> None:
    """Seventeen took all places: a place was taken before the body was read."""
    with dribbling(url, path, count, content_type=content_type):
        wait_until(lambda: queue(url)["receiving"] == count, "all have begun", seconds=60)
        assert queue(url)["inside"] == 0
        assert upload(url, sound).status_code == 200
        assert queue(url)["idle_seconds"] == 0, "a machine could be ended during an upload"
    wait_until(lambda: queue(url)["receiving"] == 0, "those who left are forgotten")


def test_the_slowest_gives_way_where_no_more_are_received(
    settings: Settings, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_JUDGED_AFTER_SECONDS", 0.0)
    with service(settings, max_receiving=4) as url, dribbling(url, OPENAI, 4) as slow:
        wait_until(lambda: queue(url)["receiving"] == 4, "all have begun")
        assert upload(url, sound).status_code == 200
        wait_until(lambda: queue(url)["receiving"] == 3, "one has given way")
        for connection in slow:
            connection.settimeout(0.05)
        answers = []
        for connection in slow:
            try:
                answers.append(connection.recv(65536))
            except TimeoutError:
                continue
        (answer,) = answers
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in answer.lower()


def test_where_nobody_gives_way_a_newcomer_is_told_when_to_come_back(
    settings: Settings, sound: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_SLOW", 0)
    with service(settings, max_receiving=4) as url:
        with dribbling(url, OPENAI, 4):
            wait_until(lambda: queue(url)["receiving"] == 4, "all have begun")
            answer = upload(url, sound)
            refusal(answer, 503, "busy")
            assert int(answer.headers["retry-after"]) > 0
        wait_until(lambda: queue(url)["receiving"] == 0, "they have left")
        assert upload(url, sound).status_code == 200


def test_the_disk_that_uploads_take_is_bounded_and_given_back(
    settings: Settings, sound: bytes, tmp_path: Path
) -> None:
    with service(settings, max_receiving_bytes=1 << 20) as url:
        with connected(url) as one:
            one.sendall(head(OPENAI, FORM, 4 << 20) + FORM_START + b"x" * (900 << 10))
            wait_until(lambda: received_bytes(url) > 900 << 10, "they came")
            answer = upload(url, b"x" * (200 << 10))
            refusal(answer, 503, "busy")
            assert int(answer.headers["retry-after"]) > 0
        wait_until(lambda: received_bytes(url) == 0, "it has left")
        assert upload(url, sound).status_code == 200
        assert list(settings.tmpdir.iterdir()) == []
        wait_until(lambda: open_files(tmp_path) == [], "all files are closed")


def resident_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_memory_stays_flat_whatever_has_come_so_far(tmp_path: Path) -> None:
    """The fields of a form, and JSON, lay in memory while the rest of the body was awaited."""
    (tmp_path / "scratch").mkdir()
    environment = {
        "WHISPER_ENGINE": "faster-whisper",
        "TMPDIR": str(tmp_path / "scratch"),
        "STOP_SECONDS": "1",
    }
    field = b'--b\r\nContent-Disposition: form-data; name="known_speaker_references[]"\r\n\r\n'
    size = 10 << 20
    with service_process("spotscribe_whisper", environment, tmp_path / "log") as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded", seconds=60)
        before = resident_megabytes(process.pid)
        with ExitStack() as opened:
            for number in range(20):
                one = opened.enter_context(connected(url))
                kind = (OPENAI, FORM, field) if number % 2 else ("/transcribe", JSON, b'{"a": "')
                one.sendall(head(kind[0], kind[1], 2 * size) + kind[2] + b"x" * size)
            whole = 20 * size
            wait_until(lambda: received_bytes(url) >= whole, "all of it has come", seconds=120)
            assert resident_megabytes(process.pid) - before < 100
        wait_until(lambda: received_bytes(url) == 0, "it is given back")


def received_bytes(url: str) -> float:
    figures = httpx.get(f"{url}/metrics", timeout=60).text
    line = next(line for line in figures.splitlines() if line.startswith("spotscribe_receiving_bytes "))
    return float(line.split()[1])
