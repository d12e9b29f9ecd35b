"""What `/health` says of every model service."""

from typing import Any

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST

from spotscribe_common.work.liveness import StuckError
from spotscribe_common.work.metrics import Metrics
from spotscribe_common.work.service import ModelService


def health_of(name: str, service: ModelService, response: Response) -> dict[str, Any]:
    """Service, model, GPU and queue; the response gets 503 while there is nothing to work with."""
    missing = service.missing
    stuck = service.stuck_seconds
    status = "failed" if missing is not None else service.status if stuck is None else "stuck"
    response.status_code = 200 if status == "ok" else 503
    body: dict[str, Any] = {
        "service": name,
        "status": status,
        "engine": service.served.name,
        "model": service.served.model,
        "queue": {
            "inside": service.admission.inside,
            "limit": service.admission.limit,
            # For the worker, which gives the service so many jobs.
            "jobs_at_once": service.admission.running,
            # Bodies that are on their way: they have no place yet.
            "receiving": service.intake.receiving,
            # For who may end this machine: a request comes and goes between two looks at `inside`.
            "idle_seconds": round(service.idle_seconds, 3),
        },
    }
    if status == "loading" and service.fetched.are_awaited:
        body["waiting_for"] = "models"
    if missing is not None:
        body["error"] = missing
    elif service.failure is not None:
        body["error"] = service.failure
    elif stuck is not None:
        body["error"] = StuckError(stuck).message
        body["stuck_seconds"] = round(stuck, 3)
    device = service.device()
    if device is not None:
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


def metrics_answer(metrics: Metrics) -> Response:
    """The figures in Prometheus's text format."""
    return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
