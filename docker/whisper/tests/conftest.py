"""A service with a scripted engine, and audio on its shared volume."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spotscribe_testing.media import tone
from spotscribe_testing.models.scripted_diarizer import ScriptedDiarizer
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_whisper.app import create_app
from spotscribe_whisper.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("shared", "scratch"):
        (tmp_path / name).mkdir()
    return Settings(
        shared_audio=tmp_path / "shared",
        tmpdir=tmp_path / "scratch",
        max_audio_seconds=120,
        max_upload_bytes=4 << 20,
        max_waiting=2,
    )


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def diarizer() -> ScriptedDiarizer:
    return ScriptedDiarizer()


@pytest.fixture
def url(settings: Settings, engine: ScriptedEngine, diarizer: ScriptedDiarizer) -> Iterator[str]:
    with served(create_app(settings, engine, diarizer)) as found:
        wait_until(lambda: answers_ok(found), "the engine has loaded")
        yield found
        engine.go.set()


@pytest.fixture
def audio(settings: Settings) -> str:
    """Name of 35 seconds of audio below the shared directory."""
    tone(settings.shared_audio / "input.flac", 35).rename(settings.shared_audio / "input")
    return "input"
