"""`POST /embed`: a corpus on the shared volume, for the worker."""

from contextlib import AsyncExitStack, ExitStack

from fastapi import APIRouter, Request, Response

from spotscribe_common.contract import EmbeddingPart, EmbedEvent, EmbedRequest, Failed
from spotscribe_common.http.event_stream import EMPTY_LINE, EMPTY_LINE_SECONDS, NDJSON, EventStream, as_line
from spotscribe_common.http.http_errors import ErrorBody
from spotscribe_common.http.openapi import ERRORS, whole_schema
from spotscribe_common.receiving.body import JSON, Accepted
from spotscribe_common.requests.bodies import json_body
from spotscribe_common.requests.shared_files import open_shared
from spotscribe_embeddings.requests.bodies import check_dimensions
from spotscribe_embeddings.service import EmbeddingsService

# A thousand failures of an earlier attempt.
_JSON_BYTES = 2 << 20


def corpus_routes(service: EmbeddingsService) -> APIRouter:
    """What the worker calls for a job's embedding."""
    router = APIRouter(tags=["Spotscribe"])

    @router.post(
        "/embed",
        response_class=Response,
        responses={
            **ERRORS,
            200: {"content": {NDJSON: {"schema": {"type": "string"}}}},
            403: {"model": ErrorBody, "description": "`path` leads outside the shared folder."},
        },
        openapi_extra={
            "requestBody": {"required": True, "content": {JSON: {"schema": whole_schema(EmbedRequest)}}}
        },
    )
    async def embed(request: Request) -> Response:
        """Turns the texts of a JSONL or Parquet file into files of vectors.

        The answer is a stream of events, a line of JSON each: parts of the result, and at last their sum. An
        empty line says that the work goes on.
        """
        with ExitStack() as held:
            async with AsyncExitStack() as reading:
                body = await service.receive(request, Accepted(json=_JSON_BYTES), reading)
                held.enter_context(service.admission.admit())
                asked = await json_body(body, EmbedRequest)
            check_dimensions(asked.dimensions, service.engine)
            file = held.enter_context(open_shared(service.settings.shared_audio, asked.path))
            job, work = service.corpus(file, asked, held.pop_all())

        def as_sent_line(event: EmbedEvent | Failed) -> str:
            if isinstance(event, EmbeddingPart):
                work.sent()
            return as_line(event)

        return EventStream(
            job, NDJSON, as_sent_line, keep_alive=EMPTY_LINE, keep_alive_seconds=EMPTY_LINE_SECONDS
        )

    return router
