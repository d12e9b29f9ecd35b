"""`GET /health`, `GET /languages` and `GET /metrics`."""

from typing import Any

from fastapi import APIRouter, Response

from spotscribe_common.http.status import health_of, metrics_answer
from spotscribe_whisper.service import TranscriptionService


def status_routes(service: TranscriptionService) -> APIRouter:
    """What the service is and how it is."""
    router = APIRouter(tags=["Status"])

    @router.get("/health")
    async def health(response: Response) -> dict[str, Any]:
        """Service, model, GPU and queue; 503 while the model is loading or if it cannot be loaded."""
        body = health_of("whisper", service, response)
        if service.device() is not None:
            body["diarization"] = {"model": service.diarizer.model, "error": service.diarization_failure}
        return body

    @router.get("/languages")
    async def languages() -> dict[str, Any]:
        """Every language that the model knows, by its ISO 639-1 code."""
        service.check_ready()
        known = service.engine.languages()
        return {
            "engine": service.engine.name,
            "model": service.engine.model,
            "languages": [{"code": code, "name": name} for code, name in sorted(known.items())],
        }

    @router.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Figures for Prometheus."""
        return metrics_answer(service.metrics)

    return router
