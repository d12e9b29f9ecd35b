"""The service as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from spotscribe_common.http_errors import install_error_answers
from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.routes.status import status_routes
from spotscribe_whisper.routes.transcribe import transcribe_routes
from spotscribe_whisper.service import TranscriptionService
from spotscribe_whisper.settings import Settings


def create_app(settings: Settings, engine: Engine) -> FastAPI:
    """The application; the engine is loaded when it starts, and `/health` answers meanwhile."""
    service = TranscriptionService(settings, engine)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.ensure_future(service.load())
        yield
        loading.cancel()

    app = FastAPI(title="Spotscribe whisper", version="0.1.0", lifespan=lifespan)
    install_error_answers(app)
    app.include_router(status_routes(service))
    app.include_router(transcribe_routes(service))
    return app
