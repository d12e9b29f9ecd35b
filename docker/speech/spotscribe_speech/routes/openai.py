"""OpenAI's API for speech, and its list of models."""

import asyncio
from contextlib import AsyncExitStack, ExitStack

from fastapi import APIRouter, Request, Response

from spotscribe_common.errors import PermanentError
from spotscribe_common.http.models import add_models
from spotscribe_common.http.openapi import ERRORS, whole_schema
from spotscribe_common.http.server_sent import SSE
from spotscribe_common.receiving.body import JSON, Accepted
from spotscribe_common.requests.bodies import json_body
from spotscribe_speech.model_names import ALIASES, check_model
from spotscribe_speech.requests.bodies import SpeechBody, body_bytes, check_length
from spotscribe_speech.routes.answer import MEDIA_TYPES, SpokenAnswer, described
from spotscribe_speech.routes.pieces import AudioPieces, EventPieces
from spotscribe_speech.service import SpeechService
from spotscribe_speech.synthesis.live import Spoken
from spotscribe_speech.text.plan import Plan
from spotscribe_speech.text.read import read_text


def openai_routes(service: SpeechService) -> APIRouter:
    """The routes that OpenAI's clients call, under `/v1`."""
    router = APIRouter(prefix="/v1", tags=["OpenAI"])
    accepted = Accepted(json=body_bytes(service.settings.max_characters))
    binary = {"schema": {"type": "string", "format": "binary"}}

    async def read(body: SpeechBody) -> tuple[Spoken, list[str]]:
        check_model(body.model, service.engine.model)
        check_length(body.input, service.settings.max_characters)
        voice, language = service.voice(body.voice_name, body.language)

        def planned() -> tuple[Plan, list[str]]:
            try:
                plan = read_text(body.input, language=language, ssml=body.ssml)
            except PermanentError as error:
                error.param = "input"
                raise
            return plan, service.left_out(plan, language)

        # In a thread: a long text takes a second, and `/health` must be answered meanwhile.
        plan, left_out = await asyncio.to_thread(planned)
        return Spoken(plan, voice, language, body.speed), left_out

    @router.post(
        "/audio/speech",
        response_class=Response,
        responses={
            **ERRORS,
            200: {
                "content": {
                    **dict.fromkeys(MEDIA_TYPES.values(), binary),
                    SSE: {"schema": {"type": "string"}},
                }
            },
        },
        openapi_extra={
            "requestBody": {"required": True, "content": {JSON: {"schema": whole_schema(SpeechBody)}}}
        },
    )
    async def speech(request: Request) -> Response:
        """Speaks a text. The answer begins as soon as the first sentence is spoken.

        With `stream_format` `sse`, the audio comes as events in base64. The tokens in the last event are the
        characters of the text.
        """
        with ExitStack() as held:
            async with AsyncExitStack() as reading:
                received = await service.receive(request, accepted, reading)
                held.enter_context(service.admission.admit())
                body = await json_body(received, SpeechBody)
            spoken, left_out = await read(body)
            pieces = EventPieces(len(body.input)) if body.stream_format == "sse" else AudioPieces()
            answer = SpokenAnswer(service, spoken, body.response_format, pieces, held.pop_all())
            answer.headers.update(described(body, spoken, left_out))
            return answer

    add_models(router, lambda: service.engine.model, ALIASES)
    return router
