"""`python -m spotscribe_speech`: runs the service with settings from the environment."""

from fastapi import FastAPI

from spotscribe_common.process.running import run_service
from spotscribe_speech.app import create_app
from spotscribe_speech.engines import make_engine
from spotscribe_speech.settings import Settings


def _app(settings: Settings) -> FastAPI:
    return create_app(settings, make_engine(settings))


if __name__ == "__main__":
    run_service(Settings, _app)
