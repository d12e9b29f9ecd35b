"""The routes of the first system of this kind: one text, one vector."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from spotscribe_common.http.openapi import ERRORS, json_schema
from spotscribe_common.receiving.body import JSON
from spotscribe_embeddings.requests.bodies import GenerateBody
from spotscribe_embeddings.requests.texts import inputs_of, tokens_of
from spotscribe_embeddings.routes.intake import Asked, embed_request
from spotscribe_embeddings.service import EmbeddingsService


class GeneratedEmbedding(BaseModel):
    """Answer of `POST /generate-embedding`."""

    embedding: list[float]
    dimensions: int
    model: str
    tokens: int


def generate_routes(service: EmbeddingsService) -> APIRouter:
    """`/generate-embedding` and `/health-check`."""
    router = APIRouter(tags=["Spotscribe"])

    def read(body: GenerateBody) -> Asked:
        instruction = body.instruction or ""
        texts = tokens_of(inputs_of([body.text]), service.engine.tokenizer, instruction, truncate=False)
        return Asked(texts, instruction)

    @router.post(
        "/generate-embedding",
        responses=ERRORS,
        openapi_extra={
            "requestBody": {"required": True, "content": {JSON: {"schema": json_schema(GenerateBody)}}}
        },
    )
    async def generate(request: Request) -> GeneratedEmbedding:
        """Turns one text into a vector of length 1."""
        _, answered = await embed_request(request, service, GenerateBody, read)
        return GeneratedEmbedding(
            embedding=answered.vectors[0].tolist(),
            dimensions=service.engine.dimensions,
            model=service.engine.model,
            tokens=answered.tokens,
        )

    @router.get("/health-check", responses={503: {"description": "The model is not ready."}})
    async def health_check() -> Response:
        """Whether the service can answer; `/health` says more."""
        is_ready = service.status == "ok" and service.stuck_seconds is None
        body: dict[str, Any] = {
            "status": "healthy" if is_ready else "unhealthy",
            "model": service.engine.model,
        }
        return JSONResponse(body, status_code=200 if is_ready else 503)

    return router
