"""`python -m spotscribe_whisper`: runs the service with settings from the environment."""

from fastapi import FastAPI

from spotscribe_common.process.running import run_service
from spotscribe_common.process.threads import bound_threads
from spotscribe_whisper.app import create_app
from spotscribe_whisper.engines import make_engine
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers import make_diarizer


def _app(settings: Settings) -> FastAPI:
    return create_app(settings, make_engine(settings), make_diarizer(settings))


if __name__ == "__main__":
    bound_threads()
    run_service(Settings, _app)
