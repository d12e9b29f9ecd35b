"""`GET /health` and `GET /metrics`."""

from typing import Any

from fastapi import APIRouter, Response

from spotscribe_common.http.status import health_of, metrics_answer
from spotscribe_speech.service import SpeechService


def status_routes(service: SpeechService) -> APIRouter:
    """What the service is and how it is."""
    router = APIRouter(tags=["Status"])

    @router.get("/health")
    async def health(response: Response) -> dict[str, Any]:
        """Service, model, GPU and queue; 503 while the model is loading or if it cannot be loaded."""
        body = health_of("speech", service, response)
        body["license"] = service.engine.license
        if service.status == "ok":
            body |= {"sample_rate": service.engine.sample_rate, "voices": len(service.engine.voices)}
        return body

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return metrics_answer(service.metrics)

    return router
