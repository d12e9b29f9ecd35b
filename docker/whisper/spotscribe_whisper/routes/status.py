"""`GET /health`, `GET /languages` and `GET /metrics`."""

import shutil
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from spotscribe_whisper.service import TranscriptionService


def status_routes(service: TranscriptionService) -> APIRouter:
    """What the service is and how it is."""
    router = APIRouter(tags=["Status"])

    @router.get("/health")
    async def health(response: Response) -> dict[str, Any]:
        """Service, model, GPU and queue; 503 while the model is loading or if it cannot be loaded."""
        missing = [program for program in ("ffmpeg", "ffprobe") if shutil.which(program) is None]
        status = "failed" if missing else service.status
        response.status_code = 200 if status == "ok" else 503
        body: dict[str, Any] = {
            "service": "whisper",
            "status": status,
            "engine": service.engine.name,
            "model": service.engine.model,
            "queue": {"inside": service.admission.inside, "limit": service.admission.limit},
        }
        if missing:
            body["error"] = f"{' and '.join(missing)} not on PATH. Install ffmpeg."
        elif service.failure is not None:
            body["error"] = service.failure
        device = service.device()
        if device is not None:
            body["diarization"] = {"model": service.diarizer.model, "error": service.diarization_failure}
            body["device"] = device.kind
            body["gpu"] = (
                None
                if device.kind == "cpu"
                else {
                    "name": device.name,
                    "memory_total_bytes": device.memory_total,
                    "memory_used_bytes": device.memory_used,
                }
            )
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
        return Response(service.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return router
