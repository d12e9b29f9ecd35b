"""A model service as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from spotscribe_common.http.answering import AlwaysAnswer
from spotscribe_common.http.api_keys import ApiKeys, read_api_keys
from spotscribe_common.http.http_errors import install_error_answers
from spotscribe_common.http.openapi import describe_keys
from spotscribe_common.http.request_count import RequestCount
from spotscribe_common.http.request_id import HEADER, RequestId
from spotscribe_common.settings import ServiceSettings
from spotscribe_common.work.metrics import Metrics
from spotscribe_common.work.service import ModelService

# What a page's script may read of an answer beside its body.
_EXPOSED = [
    HEADER, "Retry-After", "X-Spotscribe-Degraded", "X-Spotscribe-Audio-Seconds", "X-Spotscribe-Tokens",
    "X-Spotscribe-Characters", "X-Spotscribe-Ignored", "X-Spotscribe-Left-Out", "X-Spotscribe-Voice",
]  # fmt: skip


@dataclass(frozen=True)
class Description:
    """What the API's description begins with."""

    title: str
    summary: str


def service_app(
    described: Description,
    settings: ServiceSettings,
    service: ModelService,
    metrics: Metrics,
    routers: Sequence[APIRouter],
) -> FastAPI:
    """The application; the models are loaded when it starts, and `/health` answers meanwhile.

    Its `state.service` is the service.

    Raises:
        ValueError: the file of API keys cannot be read.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(work()) for work in (service.load, service.watch)]
        yield
        for task in tasks:
            task.cancel()
        service.close()

    app = FastAPIOffline(
        redoc_url=None,
        title=described.title,
        version="0.1.0",
        description=described.summary.strip(),
        lifespan=lifespan,
    )
    app.state.service = service
    install_error_answers(app)
    if settings.api_keys_file is not None:
        app.add_middleware(ApiKeys, digests=read_api_keys(settings.api_keys_file))
    app.add_middleware(AlwaysAnswer)
    if settings.origins:
        # Outside of the keys: a browser asks without one first.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )
    app.add_middleware(RequestCount, metrics=metrics)
    app.add_middleware(RequestId)
    for router in routers:
        app.include_router(router)
    describe_keys(app)
    return app
