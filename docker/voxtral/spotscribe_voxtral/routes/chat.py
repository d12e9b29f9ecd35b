"""OpenAI's chat completions, with audio in the messages, and its list of models."""

import time
from contextlib import AsyncExitStack, ExitStack
from typing import Any

from fastapi import APIRouter, Request, Response

from spotscribe_audio.requests.openapi import AUDIO_ERRORS
from spotscribe_common.http.event_stream import EventStream
from spotscribe_common.http.openapi import whole_schema
from spotscribe_common.http.server_sent import KEEP_ALIVE, SSE
from spotscribe_common.receiving.body import JSON, Accepted
from spotscribe_common.work.job import Job, result_of
from spotscribe_voxtral.chat.answer import ChatEvent, ChatWritten
from spotscribe_voxtral.chat.reading import BODY_BYTES, read_chat
from spotscribe_voxtral.chat.request import ChatRequest
from spotscribe_voxtral.chat.shapes import ChatCompletion, Chunks, completion
from spotscribe_voxtral.model_names import ALIASES, check_model
from spotscribe_voxtral.service import VoxtralService


def chat_routes(service: VoxtralService) -> APIRouter:
    """The routes that OpenAI's clients call, under `/v1`."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])
    began = int(time.time())

    async def started(request: Request) -> tuple[Job[ChatEvent], ChatRequest, bool]:
        with ExitStack() as held:
            async with AsyncExitStack() as reading:
                body = await service.receive(request, Accepted(json=BODY_BYTES), reading)
                held.enter_context(service.admission.admit())
                asked, order = await read_chat(body, request, service, held)
            return service.chat(order, held.pop_all()), asked, order.lacks_audio

    @router.post(
        "/chat/completions",
        response_model=ChatCompletion,
        responses={**AUDIO_ERRORS, 200: {"content": {SSE: {"schema": {"type": "string"}}}}},
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": whole_schema(ChatRequest)}},
            }
        },
    )
    async def completions(request: Request) -> Response:
        """Answers a conversation whose messages hold text and recordings.

        All audio of a conversation must fit into one prompt: ten minutes at most, less where memory is short.
        Longer recordings are for `POST /analyze`. What the system says is put before the user's next words.
        With `response_format` `json_object` or `json_schema` the answer keeps to that form.
        Fields that would change the answer in ways that the model has not are refused by name. If a recording
        lacks something, such as its end, the header `X-Spotscribe-Degraded` is `audio`.
        """
        job, asked, lacks_audio = await started(request)
        if asked.stream:
            chunks = Chunks(service.engine.model, usage=asked.stream_options.include_usage)
            answer: Response = EventStream(job, SSE, chunks.encode, keep_alive=KEEP_ALIVE)
        else:
            written = await result_of(request, job, ChatWritten)
            body = completion(written, service.engine.model).model_dump_json()
            answer = Response(body, media_type=JSON)
        if lacks_audio:
            # The shape has no room for it.
            answer.headers["X-Spotscribe-Degraded"] = "audio"
        return answer

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The loaded model and the names under which it is known."""
        return {"object": "list", "data": [_model(name, began) for name in (service.engine.model, *ALIASES)]}

    @router.get("/models/{name:path}", responses={"4XX": AUDIO_ERRORS[404]})
    async def model(name: str) -> dict[str, Any]:
        """One of them."""
        check_model(name, service.engine.model)
        return _model(name, began)

    return router


def _model(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": "spotscribe"}
