"""A service with espeak-ng, and one with a scripted speaker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spotscribe_speech.app import create_app
from spotscribe_speech.engines.espeak import EspeakEngine
from spotscribe_speech.settings import Settings
from spotscribe_testing.models.scripted_speech import ScriptedSpeech
from spotscribe_testing.service.live_server import answers_ok, served, wait_until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("shared", "scratch"):
        (tmp_path / name).mkdir()
    return Settings(shared_audio=tmp_path / "shared", tmpdir=tmp_path / "scratch")


@pytest.fixture
def url(settings: Settings) -> Iterator[str]:
    """Of a service with espeak-ng."""
    with served(create_app(settings, EspeakEngine())) as found:
        wait_until(lambda: answers_ok(found), "the model has loaded")
        yield found


@pytest.fixture
def speaker() -> ScriptedSpeech:
    return ScriptedSpeech()


@pytest.fixture
def scripted(settings: Settings, speaker: ScriptedSpeech) -> Iterator[str]:
    """Of a service with the scripted speaker."""
    with served(create_app(settings, speaker)) as found:
        wait_until(lambda: answers_ok(found), "the model has loaded")
        yield found
        speaker.go.set()
