"""`POST /transcribe`: a file in the request, or one on the shared volume."""

from contextlib import AsyncExitStack, ExitStack, closing
from typing import BinaryIO, NamedTuple

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from spotscribe_common.contract import TranscribeRequest
from spotscribe_common.disconnect import while_connected
from spotscribe_common.errors import InvalidRequestError, UnsupportedMediaError
from spotscribe_common.http_errors import invalid_request
from spotscribe_common.shared_files import open_shared
from spotscribe_common.uploads import read_body, read_form
from spotscribe_whisper.routes.event_stream import NDJSON, EventStream
from spotscribe_whisper.service import TranscriptionService
from spotscribe_whisper.transcription import Options, check_start

_JSON_BYTES = 64 << 10


class Source(NamedTuple):
    """The audio that a request names or carries."""

    file: BinaryIO
    options: Options
    max_seconds: float | None


def transcribe_routes(service: TranscriptionService) -> APIRouter:
    """The routes of the transcription itself."""
    router = APIRouter()

    @router.post("/transcribe")
    async def transcribe(request: Request) -> Response:
        service.check_ready()
        with ExitStack() as held:
            held.enter_context(service.admission.admit())
            async with AsyncExitStack() as reading:
                source = await _source(request, service, reading)
                service.check_language(source.options.language)
                decoding = service.decode(source.file, source.max_seconds)
                pcm = held.enter_context(closing(await while_connected(request.receive, decoding)))
            check_start(source.options, pcm)
            job = service.start(pcm, source.options, held.pop_all())
        if NDJSON in request.headers.get("accept", ""):
            return EventStream(job)
        try:
            transcript = await while_connected(request.receive, job.transcript())
        finally:
            job.cancel()
        return Response(transcript.to_json(), media_type="application/json")

    return router


async def _source(request: Request, service: TranscriptionService, opened: AsyncExitStack) -> Source:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        asked = _parsed(await read_body(request, most=_JSON_BYTES))
        file = opened.enter_context(open_shared(service.settings.shared_audio, asked.path))
        return Source(file, Options(language=asked.language, start_at=asked.start_at), asked.max_seconds)
    if kind == "multipart/form-data":
        form = await opened.enter_async_context(read_form(request, most=service.settings.max_upload_bytes))
        upload, language = form.get("file"), form.get("language")
        if not isinstance(upload, UploadFile):
            raise InvalidRequestError(
                "file is missing. Send the audio as the form's field 'file'.", param="file"
            )
        if isinstance(language, UploadFile):
            raise InvalidRequestError("language must be text.", param="language")
        upload.file.flush()
        return Source(upload.file, Options(language=language or None), None)
    raise UnsupportedMediaError(
        f"The content type {kind!r} is not accepted. Send multipart/form-data or application/json."
    )


def _parsed(body: bytes) -> TranscribeRequest:
    try:
        return TranscribeRequest.model_validate_json(body)
    except ValidationError as error:
        raise invalid_request(error.errors()) from None
