"""The service as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Security
from fastapi.security import HTTPBearer
from fastapi_offline import FastAPIOffline

from spotscribe_common.api_keys import ApiKeys, read_api_keys
from spotscribe_common.http_errors import install_error_answers
from spotscribe_common.stopping import AnswerWhenStopped
from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.request_count import RequestCount
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

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.ensure_future(service.load())
        yield
        loading.cancel()
        service.close()

    app = FastAPIOffline(
        redoc_url=None,
        title="Spotscribe whisper",
        version="0.1.0",
        description=_SUMMARY.strip(),
        lifespan=lifespan,
    )
    install_error_answers(app)
    if settings.api_keys_file is not None:
        app.add_middleware(ApiKeys, digests=read_api_keys(settings.api_keys_file))
    app.add_middleware(AnswerWhenStopped)
    app.add_middleware(RequestCount, metrics=service.metrics)
    # For the description alone: who is let in, the middleware decides, before a body is read.
    described = [Security(HTTPBearer(auto_error=False, description="If the service was given keys."))]
    for router in (openai_routes(service), transcribe_routes(service), status_routes(service)):
        app.include_router(router, dependencies=described)
    return app
