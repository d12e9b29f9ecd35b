"""A model thread that does not get on is noticed, told of, and ended with its process."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_common.process.stuck_exit import STUCK_STATUS
from spotscribe_common.work import service
from spotscribe_testing.media import tone
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, service_process, wait_until
from spotscribe_whisper.service import TranscriptionService
from spotscribe_whisper.settings import Settings

WEDGING = "spotscribe_testing.models.wedging_whisper"
STREAM = {"Accept": "application/x-ndjson"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    tone(tmp_path / "audio.flac", 35)
    folders = {"SHARED_AUDIO": str(tmp_path), "TMPDIR": str(tmp_path)}
    return {**folders, "WEDGE_ONCE": str(tmp_path / "wedged"), "STUCK_SECONDS": "5"}


def lines_until_the_end(url: str) -> list[str]:
    """The lines of a streamed answer, also where the connection breaks."""
    lines: list[str] = []
    request: dict[str, Any] = {"json": {"path": "audio.flac"}, "headers": STREAM, "timeout": 60}
    try:
        with httpx.stream("POST", f"{url}/transcribe", **request) as answer:
            lines.extend(answer.iter_lines())
    except httpx.TransportError:
        # Also before the first byte: native code may hold Python's lock before the answer is sent.
        lines.append("broken")
    return lines


def health(url: str) -> dict[str, Any]:
    body: dict[str, Any] = httpx.get(f"{url}/health", timeout=60).json()
    return body


def test_a_thread_that_waits_for_ever_is_told_of_and_ended(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with service_process(WEDGING, {**environment, "WEDGE": "wait"}, log) as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded", seconds=60)
        with ThreadPoolExecutor() as pool:
            heard = pool.submit(lines_until_the_end, url)
            wait_until(lambda: health(url)["status"] == "stuck", "the service says so", seconds=60)
            body = health(url)
            assert httpx.get(f"{url}/health").status_code == 503
            assert body["stuck_seconds"] > 5
            assert "made no progress" in body["error"]
            [silent] = re.findall(
                r"^spotscribe_silent_seconds (.*)$", httpx.get(f"{url}/metrics").text, re.MULTILINE
            )
            assert float(silent) > 5
            refused = httpx.post(f"{url}/transcribe", json={"path": "audio.flac"}, timeout=60)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            events = [json.loads(line) for line in heard.result() if line]
        assert [event["type"] for event in events] == ["started", "segment", "window", "error"]
        check("TranscribeEvent", events[-1])
        assert events[-1]["error"]["code"] == "internal"
        assert process.wait(timeout=60) == STUCK_STATUS
    said = log.read_text()
    assert "its jobs are given up" in said
    # The stacks of all threads: where the work was, and that the event loop was well.
    assert "in get_stuck" in said
    assert "in run_forever" in said


def test_native_code_that_holds_pythons_lock_cannot_keep_the_process(
    environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with service_process(WEDGING, {**environment, "WEDGE": "native"}, log) as (process, url):
        wait_until(lambda: answers_ok(url), "the engine has loaded", seconds=60)
        lines = lines_until_the_end(url)
        assert lines[-1] == "broken"
        assert process.wait(timeout=60) == STUCK_STATUS
    assert "in get_stuck" in log.read_text()
    with service_process(WEDGING, {**environment, "WEDGE": "native"}, log) as (_, url):
        wait_until(lambda: answers_ok(url), "the next process serves", seconds=60)
        assert json.loads(lines_until_the_end(url)[-1])["type"] == "result"


async def test_the_first_work_after_loading_has_its_own_limit_not_that_of_loading(
    settings: Settings, engine: ScriptedEngine, diarizer: ScriptedDiarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may come, and hold Python's lock, before the watch has had another turn."""
    ends: list[float | None] = []
    monkeypatch.setattr(service, "end_in", ends.append)
    loaded = TranscriptionService(settings.model_copy(update={"stuck_seconds": 5.0}), engine, diarizer)
    await loaded.load()
    assert ends == [pytest.approx(10, abs=0.1)]
    loaded.models.close()


def test_a_model_that_never_loads_ends_the_process(environment: dict[str, str], tmp_path: Path) -> None:
    settings = {**environment, "WEDGE": "load", "LOAD_SECONDS": "5"}
    with service_process(WEDGING, settings, tmp_path / "log") as (process, url):
        assert health(url)["status"] in {"loading", "stuck"}
        assert process.wait(timeout=60) == STUCK_STATUS
    assert "in get_stuck" in (tmp_path / "log").read_text()


class TestWithinTheProcess:
    """Without its end: what callers see, and work that only took long."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"stuck_seconds": 1.0})

    def test_every_caller_is_told_and_the_next_is_served_if_it_gets_on_after_all(
        self, url: str, audio: str, engine: ScriptedEngine, settings: Settings
    ) -> None:
        def ask(fields: dict[str, str]) -> httpx.Response:
            files = {"file": (settings.shared_audio / audio).read_bytes()}
            return httpx.post(f"{url}/v1/audio/transcriptions", data=fields, files=files, timeout=60)

        engine.go.clear()
        with ThreadPoolExecutor() as pool:
            # One works, the other waits for it.
            events = pool.submit(ask, {"stream": "true"})
            whole = pool.submit(ask, {})
            assert '"code": "internal"' in events.result().text
            assert events.result().text.count("made no progress") == 1
            assert whole.result().status_code == 503
            assert int(whole.result().headers["retry-after"]) > 0
        engine.go.set()
        wait_until(lambda: health(url)["status"] == "ok", "the work gets on")
        wait_until(lambda: health(url)["queue"]["inside"] == 0, "nobody is inside")
        assert ask({}).status_code == 200
