"""The service as an ASGI application."""

from fastapi import FastAPI

from spotscribe_common.http.app import Description, service_app
from spotscribe_speech.engines.engine import Engine
from spotscribe_speech.routes.openai import openai_routes
from spotscribe_speech.routes.status import status_routes
from spotscribe_speech.routes.synthesize import synthesize_routes
from spotscribe_speech.routes.voices import voice_routes
from spotscribe_speech.service import SpeechService
from spotscribe_speech.settings import Settings

_SUMMARY = """
Speaks texts: in a request of OpenAI's shape, which its clients send unchanged, or whole documents. Errors
come in OpenAI's shape.
"""


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """The application; the model is loaded when it starts, and `/health` answers meanwhile.

    Raises:
        ValueError: the file of API keys cannot be read.
    """
    service = SpeechService(settings, engine)
    routers = [
        voice_routes(service),
        openai_routes(service),
        synthesize_routes(service),
        status_routes(service),
    ]
    return service_app(
        Description("Spotscribe speech", _SUMMARY), settings, service, service.metrics, routers
    )
