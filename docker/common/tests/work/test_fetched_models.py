"""A service that starts while the machine still fetches its models."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from spotscribe_common.contract import ModelsMark
from spotscribe_common.work.device import Device
from spotscribe_common.work.fetched_models import boot_id
from spotscribe_testing.service.live_server import served, service_process, wait_until
from spotscribe_testing.service.plain_service import PlainEngine, Settings, create_app

MARK = ".ready-0123456789"


class WatchedEngine(PlainEngine):
    """Remembers what is asked of it."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.prepare_failure: Exception | None = None
        self.may_load = threading.Event()
        self.may_load.set()

    def prepare(self) -> None:
        self.steps.append("prepare")
        if self.prepare_failure is not None:
            raise self.prepare_failure

    def load(self) -> None:
        self.steps.append("load")
        self.may_load.wait(30)

    def device(self) -> Device:
        return Device(kind="cpu")


def mark(folder: Path, fetch: str = "1", boot: str | None = None) -> None:
    """Leaves a mark as the fetch does, in one step."""
    said = ModelsMark(boot=boot_id() if boot is None else boot, fetch=fetch)
    (folder / "part").write_text(said.to_json())
    (folder / "part").rename(folder / MARK)


@pytest.fixture
def engine() -> Iterator[WatchedEngine]:
    engine = WatchedEngine()
    yield engine
    engine.may_load.set()


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Signals that the service sends to its process."""
    signals: list[int] = []
    monkeypatch.setattr("os.kill", lambda _, number: signals.append(number))
    return signals


def app_of(engine: PlainEngine, folder: Path) -> FastAPI:
    return create_app(Settings(model_dir=folder, models_mark=MARK, port=0), engine)


def health(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{url}/health").json()
    return found


def test_it_imports_at_once_and_loads_when_all_models_are_there(
    tmp_path: Path, engine: WatchedEngine
) -> None:
    with served(app_of(engine, tmp_path)) as url:
        wait_until(lambda: engine.steps == ["prepare"], "the packages are imported")
        assert httpx.get(f"{url}/health").status_code == 503
        assert health(url) | {"queue": {}} == {
            "service": "plain",
            "status": "loading",
            "waiting_for": "models",
            "engine": "plain",
            "model": "none",
            "queue": {},
        }
        mark(tmp_path)
        wait_until(lambda: health(url)["status"] == "ok", "the models are loaded")
        assert engine.steps == ["prepare", "load"]
        assert "waiting_for" not in health(url)


@pytest.mark.parametrize("stale", ["another set", "another boot", "not whole"])
def test_it_does_not_take_another_mark_for_its_own(stale: str, tmp_path: Path, engine: WatchedEngine) -> None:
    mark(tmp_path, boot="an earlier one" if stale == "another boot" else None)
    if stale == "another set":
        (tmp_path / MARK).rename(tmp_path / ".ready-9876543210")
    if stale == "not whole":
        (tmp_path / MARK).write_text('{"boot":')
    with served(app_of(engine, tmp_path)) as url:
        wait_until(lambda: engine.steps == ["prepare"], "the packages are imported")
        # Some looks at the mark later.
        threading.Event().wait(0.5)
        assert health(url)["waiting_for"] == "models"
        assert engine.steps == ["prepare"]
        mark(tmp_path)
        wait_until(lambda: health(url)["status"] == "ok", "the models are loaded")


@pytest.mark.parametrize("now", ["fetched again", "being fetched"])
def test_it_ends_if_the_models_were_fetched_anew_while_it_loaded_them(
    now: str, tmp_path: Path, engine: WatchedEngine, ended: list[int]
) -> None:
    """It had seen the mark of the last fetch, before this one removed it."""
    mark(tmp_path, fetch="last")
    engine.may_load.clear()
    with served(app_of(engine, tmp_path)) as url:
        wait_until(lambda: "load" in engine.steps, "the models are being loaded")
        (tmp_path / MARK).unlink()
        if now == "fetched again":
            mark(tmp_path, fetch="this")
        engine.may_load.set()
        wait_until(lambda: ended == [signal.SIGTERM], "the process ends")
        assert health(url)["status"] == "failed"
        assert "fetched the models anew" in health(url)["error"]


def test_what_cannot_be_imported_fails_when_it_is_loaded(tmp_path: Path, engine: WatchedEngine) -> None:
    mark(tmp_path)
    engine.prepare_failure = ImportError("no such package")
    with served(app_of(engine, tmp_path)) as url:
        wait_until(lambda: health(url)["status"] == "ok", "the models are loaded")


def test_without_a_mark_the_models_are_there(tmp_path: Path, engine: WatchedEngine) -> None:
    with served(create_app(Settings(model_dir=tmp_path, port=0), engine)) as url:
        wait_until(lambda: health(url)["status"] == "ok", "the models are loaded")


def test_a_process_that_waits_stops_when_it_is_told(tmp_path: Path) -> None:
    environment = {"MODEL_DIR": str(tmp_path), "MODELS_MARK": MARK}
    with service_process("spotscribe_testing.service.plain_service", environment, tmp_path / "log") as (
        process,
        url,
    ):
        assert health(url)["waiting_for"] == "models"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_waiting_counts_as_no_step_of_loading(tmp_path: Path) -> None:
    """A step that took longer than `LOAD_SECONDS`, twice, would end the process."""
    environment = {"MODEL_DIR": str(tmp_path), "MODELS_MARK": MARK, "LOAD_SECONDS": "0.2"}
    with service_process("spotscribe_testing.service.plain_service", environment, tmp_path / "log") as (
        process,
        url,
    ):
        threading.Event().wait(1.5)
        assert process.poll() is None
        assert health(url)["status"] == "loading"
        mark(tmp_path)
        wait_until(lambda: health(url)["status"] == "ok", "the models are loaded")
