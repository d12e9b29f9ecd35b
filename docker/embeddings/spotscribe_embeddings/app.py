"""The service as an ASGI application."""

from fastapi import FastAPI

from spotscribe_common.http.app import Description, service_app
from spotscribe_embeddings.engines.engine import Engine
from spotscribe_embeddings.routes.corpus import corpus_routes
from spotscribe_embeddings.routes.generate import generate_routes
from spotscribe_embeddings.routes.openai import openai_routes
from spotscribe_embeddings.routes.status import status_routes
from spotscribe_embeddings.service import EmbeddingsService
from spotscribe_embeddings.settings import Settings

_SUMMARY = """
Turns texts into vectors of length 1: one or many in a request of OpenAI's shape, which its clients speak
unchanged, or whole corpora. Errors come in OpenAI's shape.
"""


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """The application; the model is loaded when it starts, and `/health` answers meanwhile.

    Raises:
        ValueError: the file of API keys cannot be read.
    """
    service = EmbeddingsService(settings, engine)
    routers = [
        openai_routes(service),
        generate_routes(service),
        corpus_routes(service),
        status_routes(service),
    ]
    return service_app(
        Description("Spotscribe embeddings", _SUMMARY), settings, service, service.metrics, routers
    )
