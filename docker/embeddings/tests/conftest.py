"""A service with the real weights of a small model, and one with a scripted model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spotscribe_embeddings.app import create_app
from spotscribe_embeddings.engines.minilm import MiniLmEngine
from spotscribe_embeddings.settings import Settings
from spotscribe_testing.models.scripted_texts import ScriptedTexts
from spotscribe_testing.service.live_server import answers_ok, served, wait_until


class LoadedMiniLm(MiniLmEngine):
    """Loads once for all tests."""

    def load(self) -> None:
        if self._encoder is None:
            super().load()


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> MiniLmEngine:
    engine = LoadedMiniLm(tmp_path_factory.mktemp("weights"))
    engine.load()
    return engine


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    for name in ("shared", "scratch"):
        (tmp_path / name).mkdir()
    return Settings(shared_audio=tmp_path / "shared", tmpdir=tmp_path / "scratch")


@pytest.fixture
def url(settings: Settings, minilm: MiniLmEngine) -> Iterator[str]:
    """Of a service with the real weights of all-MiniLM-L6-v2."""
    with served(create_app(settings, minilm)) as found:
        wait_until(lambda: answers_ok(found), "the model has loaded")
        yield found


@pytest.fixture
def model() -> ScriptedTexts:
    return ScriptedTexts()


@pytest.fixture
def scripted(settings: Settings, model: ScriptedTexts) -> Iterator[str]:
    """Of a service with the scripted model."""
    with served(create_app(settings, model)) as found:
        wait_until(lambda: answers_ok(found), "the model has loaded")
        yield found
        model.go.set()
