"""A service without audio, as small as one can be: `python -m spotscribe_testing.service.plain_service`."""

from typing import Any

from fastapi import APIRouter, FastAPI, Response
from pydantic import Field

from spotscribe_common.http.app import Description, service_app
from spotscribe_common.http.status import health_of
from spotscribe_common.process.running import run_service
from spotscribe_common.settings import ServiceSettings
from spotscribe_common.work.device import Device
from spotscribe_common.work.engine import ServedEngine
from spotscribe_common.work.metrics import Metrics
from spotscribe_common.work.service import ModelService


class Settings(ServiceSettings):
    port: int = Field(default=8002, ge=0, le=65535)


class PlainEngine:
    """Computes nothing."""

    name, model = "plain", "none"

    def prepare(self) -> None:
        pass

    def load(self) -> None:
        pass

    def device(self) -> Device:
        return Device(kind="cpu")


def create_app(settings: Settings, engine: ServedEngine | None = None) -> FastAPI:
    metrics = Metrics("nothing")
    service = ModelService(settings, engine or PlainEngine(), metrics)
    router = APIRouter()

    @router.get("/health")
    async def health(response: Response) -> dict[str, Any]:
        return health_of("plain", service, response)

    return service_app(Description("Plain", "For tests."), settings, service, metrics, [router])


if __name__ == "__main__":
    run_service(Settings, create_app)
