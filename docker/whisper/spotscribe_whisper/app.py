"""The service as an ASGI application."""

from fastapi import FastAPI

from spotscribe_common.http.app import Description, service_app
from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.routes.openai import openai_routes
from spotscribe_whisper.routes.status import status_routes
from spotscribe_whisper.routes.transcribe import transcribe_routes
from spotscribe_whisper.service import TranscriptionService
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer

_SUMMARY = """
Speech to text with the times of every word, and with speakers. Two shapes: OpenAI's, which its clients speak
unchanged, and the service's own. Errors come in OpenAI's shape; a result that lacks something says so in
`degraded`.
"""


def create_app(settings: Settings, engine: Engine, diarizer: Diarizer) -> FastAPI:
    """The application; the models are loaded when it starts, and `/health` answers meanwhile.

    Raises:
        ValueError: the file of API keys cannot be read.
    """
    service = TranscriptionService(settings, engine, diarizer)
    routers = [openai_routes(service), transcribe_routes(service), status_routes(service)]
    described = Description("Spotscribe whisper", _SUMMARY)
    return service_app(described, settings, service, service.metrics, routers)
