"""OpenAI's API for embeddings, and its list of models."""

import base64
from typing import Any

import numpy as np
import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from spotscribe_common.http.models import add_models
from spotscribe_common.http.openapi import ERRORS, json_schema
from spotscribe_common.receiving.body import JSON
from spotscribe_embeddings.batching.orders import shortened
from spotscribe_embeddings.engines.engine import Matrix
from spotscribe_embeddings.model_names import ALIASES, check_model
from spotscribe_embeddings.requests.bodies import EmbeddingsBody, check_dimensions
from spotscribe_embeddings.requests.texts import inputs_of, tokens_of
from spotscribe_embeddings.routes.intake import Asked, embed_request
from spotscribe_embeddings.service import EmbeddingsService

TOKENS_HEADER = "X-Spotscribe-Tokens"


class EmbeddingEntry(BaseModel):
    """The vector of an input: numbers, or little-endian float32 in base64."""

    object: str
    index: int
    embedding: list[float] | str


class Usage(BaseModel):
    """Tokens that the model read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(BaseModel):
    """Answer of `POST /v1/embeddings`."""

    object: str
    data: list[EmbeddingEntry]
    model: str
    usage: Usage


def openai_routes(service: EmbeddingsService) -> APIRouter:
    """The routes that OpenAI's clients call, under `/v1`."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])

    def read(body: EmbeddingsBody) -> Asked:
        check_model(body.model, service.engine.model)
        check_dimensions(body.dimensions, service.engine)
        instruction = body.instruction or ""
        inputs = inputs_of(body.input)
        texts = tokens_of(inputs, service.engine.tokenizer, instruction, truncate=body.truncate)
        return Asked(texts, instruction)

    @router.post(
        "/embeddings",
        response_model=EmbeddingList,
        responses=ERRORS,
        openapi_extra={
            "requestBody": {"required": True, "content": {JSON: {"schema": json_schema(EmbeddingsBody)}}}
        },
    )
    async def embeddings(request: Request) -> Response:
        """Turns texts into vectors of length 1."""
        body, answered = await embed_request(request, service, EmbeddingsBody, read)
        vectors = shortened(answered.vectors, check_dimensions(body.dimensions, service.engine))
        answer = {
            "object": "list",
            "data": _entries(vectors, body.encoding_format),
            "model": service.engine.model,
            "usage": {"prompt_tokens": answered.tokens, "total_tokens": answered.tokens},
        }
        content = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
        return Response(content, media_type=JSON, headers={TOKENS_HEADER: str(answered.tokens)})

    add_models(router, lambda: service.engine.model, ALIASES)
    return router


def _entries(vectors: Matrix, encoding: str) -> list[dict[str, Any]]:
    little = np.ascontiguousarray(vectors, dtype="<f4")
    return [
        {
            "object": "embedding",
            "index": index,
            "embedding": base64.b64encode(vector).decode() if encoding == "base64" else vector,
        }
        for index, vector in enumerate(little)
    ]
