"""The APIs' descriptions as files: `python -m spotscribe_testing.service.openapi_file` writes them anew."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI

from spotscribe_testing.places import OPENAPI


def _whisper() -> FastAPI:
    from spotscribe_whisper.app import create_app
    from spotscribe_whisper.engines import make_engine
    from spotscribe_whisper.settings import Settings
    from spotscribe_whisper.speakers import make_diarizer

    settings = Settings(tmpdir=Path(tempfile.gettempdir()))
    return create_app(settings, make_engine(settings), make_diarizer(settings))


def _voxtral() -> FastAPI:
    from spotscribe_voxtral.app import create_app
    from spotscribe_voxtral.engines import make_engine
    from spotscribe_voxtral.settings import Settings

    settings = Settings(tmpdir=Path(tempfile.gettempdir()))
    return create_app(settings, make_engine(settings))


def _embeddings() -> FastAPI:
    from spotscribe_embeddings.app import create_app
    from spotscribe_embeddings.engines import make_engine
    from spotscribe_embeddings.settings import Settings

    settings = Settings(tmpdir=Path(tempfile.gettempdir()))
    return create_app(settings, make_engine(settings))


def _speech() -> FastAPI:
    from spotscribe_speech.app import create_app
    from spotscribe_speech.engines import make_engine
    from spotscribe_speech.settings import Settings

    settings = Settings(tmpdir=Path(tempfile.gettempdir()))
    return create_app(settings, make_engine(settings))


_SERVICES: dict[str, Callable[[], FastAPI]] = {
    "whisper": _whisper,
    "voxtral": _voxtral,
    "embeddings": _embeddings,
    "speech": _speech,
}


def file_of(service: str) -> Path:
    """Where a service's description lies."""
    return OPENAPI / f"{service}.json"


def description(service: str) -> str:
    """The OpenAPI document, as the code has it now."""
    return json.dumps(_SERVICES[service]().openapi(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in _SERVICES:
        file_of(name).write_text(description(name))
