"""`POST /transcribe`: a file in the request, or one on the shared volume."""

from contextlib import AsyncExitStack

from fastapi import APIRouter, Request, Response

from spotscribe_audio.requests.openapi import AUDIO_ERRORS
from spotscribe_audio.requests.transcribe_body import TRANSCRIBE_BODY, transcribe_accepted, transcribe_body
from spotscribe_common.contract import Result, Transcript
from spotscribe_common.http.event_stream import NDJSON, event_lines
from spotscribe_common.http.http_errors import ErrorBody
from spotscribe_common.receiving.body import Body
from spotscribe_common.work.job import result_of
from spotscribe_whisper.options import Options
from spotscribe_whisper.routes.intake import Source, start_job
from spotscribe_whisper.service import TranscriptionService
from spotscribe_whisper.speakers.references import check_one_each


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
        openapi_extra=TRANSCRIBE_BODY,
    )
    async def transcribe(request: Request) -> Response:
        """Transcribes an uploaded file, or one on the shared volume.

        With `Accept: application/x-ndjson` the answer is a stream of events, a line of JSON each: segments as
        they are heard, windows that are done, stages, and at last the result. An empty line says that the
        work goes on.
        """

        async def read(received: Body, opened: AsyncExitStack) -> Source:
            body = await transcribe_body(received, service.settings, opened)
            check_one_each(body.asked.known_speaker_names, body.recordings)
            options = Options(
                body.asked,
                speaker_names=body.asked.known_speaker_names,
                start_at=body.start_at,
                earlier=body.earlier,
                earlier_degraded=body.earlier_degraded,
            )
            return Source(body.file, options, body.max_seconds, recordings=body.recordings)

        job, _ = await start_job(request, service, transcribe_accepted(service.settings), read)
        if NDJSON in request.headers.get("accept", ""):
            return event_lines(job)
        result = await result_of(request, job, Result)
        return Response(result.transcript.to_json(), media_type="application/json")

    return router
