"""`POST /transcribe`: a file in the request, or one on the shared volume."""

import asyncio
import gc
from contextlib import AsyncExitStack

from fastapi import APIRouter, Request, Response
from pydantic import Field, ValidationError

from spotscribe_common.contract import TranscribeRequest, Transcript, TranscriptionOptions
from spotscribe_common.errors import UnsupportedMediaError
from spotscribe_common.http_errors import ErrorBody, invalid_request
from spotscribe_common.shared_files import open_shared
from spotscribe_common.uploads import read_body
from spotscribe_whisper.openapi import AUDIO_ERRORS, form_schema, json_schema
from spotscribe_whisper.options import Options
from spotscribe_whisper.routes.event_stream import NDJSON, EventStream, as_line
from spotscribe_whisper.routes.forms import (
    MULTIPART,
    RuleChoice,
    chosen_rules,
    content_type,
    every_rule,
    uploaded,
)
from spotscribe_whisper.routes.intake import Source, start_job, transcript_of
from spotscribe_whisper.service import TranscriptionService

# What ten hours' words with their times weigh, almost twice over: a resumed job sends those it has.
# English takes 7.5 MB; Japanese, where each character is a word, 13 MB.
_JSON_BYTES = 24 << 20
# A body with more to complain of than this was never meant for us.
_MOST_COMPLAINTS = 100


class TranscribeForm(TranscriptionOptions):
    """The fields of an upload beside its `file`."""

    speaker_cleanup: list[RuleChoice] = Field(default_factory=every_rule)  # type: ignore[assignment]


def transcribe_routes(service: TranscriptionService) -> APIRouter:
    """The service's own route, which the worker calls."""
    router = APIRouter(tags=["Spotscribe"])

    @router.post(
        "/transcribe",
        response_model=Transcript,
        responses={
            **AUDIO_ERRORS,
            200: {"content": {NDJSON: {"schema": {"type": "string"}}}},
            403: {"model": ErrorBody, "description": "`path` leads outside the shared folder."},
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": json_schema(TranscribeRequest)},
                    MULTIPART: {"schema": form_schema(TranscribeForm)},
                },
            }
        },
    )
    async def transcribe(request: Request) -> Response:
        """Transcribes an uploaded file, or one on the shared volume.

        With `Accept: application/x-ndjson` the answer is a stream of events, a line of JSON each: segments as
        they are heard, windows that are done, stages, and at last the result.
        """

        async def read(opened: AsyncExitStack) -> Source:
            return await _source(request, service, opened)

        job = await start_job(request, service, read)
        if NDJSON in request.headers.get("accept", ""):
            return EventStream(job, NDJSON, as_line)
        transcript = await transcript_of(request, job)
        return Response(transcript.to_json(), media_type="application/json")

    return router


async def _source(request: Request, service: TranscriptionService, opened: AsyncExitStack) -> Source:
    kind = content_type(request)
    if kind == "application/json":
        # In a thread: the checkpoint of hours is megabytes, and `/health` must be answered meanwhile.
        asked = await asyncio.to_thread(_parsed, await read_body(request, most=_JSON_BYTES))
        file = opened.enter_context(open_shared(service.settings.shared_audio, asked.path))
        options = Options(
            asked, start_at=asked.start_at, earlier=asked.earlier, earlier_degraded=asked.earlier_degraded
        )
        return Source(file, options, asked.max_seconds)
    if kind == MULTIPART:
        upload, chosen = await uploaded(request, TranscribeForm, service.settings.max_upload_bytes, opened)
        return Source(
            upload,
            Options(chosen.model_copy(update={"speaker_cleanup": chosen_rules(chosen.speaker_cleanup)})),
        )
    raise UnsupportedMediaError(
        f"The content type {kind!r} is not accepted. Send {MULTIPART} or application/json."
    )


def _parsed(body: bytes) -> TranscribeRequest:
    # Pydantic holds Python's lock until it is done, and nothing that it makes is in a cycle: looking for
    # cycles meanwhile, again and again, took five times as long as all the rest.
    gc.disable()
    try:
        return TranscribeRequest.model_validate_json(body)
    except ValidationError as error:
        # Spelling out a million of them takes seconds and a gigabyte.
        raise invalid_request(error.errors() if error.error_count() <= _MOST_COMPLAINTS else []) from None
    finally:
        gc.enable()
