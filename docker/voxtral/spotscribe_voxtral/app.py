"""The service as an ASGI application."""

from fastapi import FastAPI

from spotscribe_common.http.app import Description, service_app
from spotscribe_voxtral.engines.engine import Engine
from spotscribe_voxtral.routes.analyze import analyze_routes
from spotscribe_voxtral.routes.chat import chat_routes
from spotscribe_voxtral.routes.status import status_routes
from spotscribe_voxtral.routes.transcribe import transcribe_routes
from spotscribe_voxtral.service import VoxtralService
from spotscribe_voxtral.settings import Settings

_SUMMARY = """
Understands recordings: conversations with audio in OpenAI's shape, which its clients speak unchanged,
analyses of recordings of any length, and transcripts. Errors come in OpenAI's shape; a result that lacks
something says so in `degraded`.
"""


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """The application; the model is loaded when it starts, and `/health` answers meanwhile.

    Raises:
        ValueError: the file of API keys cannot be read.
    """
    service = VoxtralService(settings, engine)
    routers = [
        chat_routes(service),
        analyze_routes(service),
        transcribe_routes(service),
        status_routes(service),
    ]
    return service_app(
        Description("Spotscribe voxtral", _SUMMARY), settings, service, service.metrics, routers
    )
