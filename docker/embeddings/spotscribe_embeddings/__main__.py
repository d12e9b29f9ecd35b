"""`python -m spotscribe_embeddings`: runs the service with settings from the environment."""

import sys

from fastapi import FastAPI

from spotscribe_common.process.running import run_service
from spotscribe_embeddings.app import create_app
from spotscribe_embeddings.engines import make_engine
from spotscribe_embeddings.settings import Settings

# Seconds after which a thread gives up Python's lock to one that waits. The model's thread needs the lock
# between its hundreds of steps: with Python's 5 ms, 1,000 small requests took a quarter longer.
_SWITCH_SECONDS = 0.0002


def _app(settings: Settings) -> FastAPI:
    return create_app(settings, make_engine(settings))


if __name__ == "__main__":
    sys.setswitchinterval(_SWITCH_SECONDS)
    run_service(Settings, _app)
