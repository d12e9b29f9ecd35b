"""`POST /transcribe`: a file in the request, or one on the shared volume."""

from contextlib import AsyncExitStack, ExitStack

from fastapi import APIRouter, Request, Response

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.requests.openapi import AUDIO_ERRORS
from spotscribe_audio.requests.transcribe_body import (
    TRANSCRIBE_BODY,
    check_start,
    transcribe_accepted,
    transcribe_body,
)
from spotscribe_common.contract import Result, TranscribeEvent, Transcript
from spotscribe_common.http.event_stream import NDJSON, event_lines
from spotscribe_common.http.http_errors import ErrorBody
from spotscribe_common.receiving.body import Body
from spotscribe_common.work.job import Job, result_of
from spotscribe_voxtral.routes.intake import Source, start_job
from spotscribe_voxtral.service import VoxtralService
from spotscribe_voxtral.transcription import TranscriptionOrder, checked


def transcribe_routes(service: VoxtralService) -> APIRouter:
    """The same route as the whisper service's."""
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

        The model gives words without times: each segment is a piece of up to 30 s, cut at silences, over
        which its words are shared out. Without `language` the transcript's is `und`: the model does not say
        which one it hears. What cannot be had stands in `degraded`.

        With `Accept: application/x-ndjson` the answer is a stream of events, a line of JSON each: segments as
        they are heard, windows that are done, and at last the result. An empty line says that the work goes
        on.
        """

        async def read(received: Body, opened: AsyncExitStack) -> Source[TranscribeEvent]:
            body = await transcribe_body(received, service.settings, opened)
            asked = checked(body.asked)

            def start(pcm: Pcm, held: ExitStack) -> Job[TranscribeEvent]:
                check_start(body.start_at, pcm)
                order = TranscriptionOrder(asked, body.start_at, body.earlier, body.earlier_degraded)
                return service.transcribe(pcm, order, held.pop_all())

            return Source(body.file, body.max_seconds, asked.track, start)

        job = await start_job(request, service, transcribe_accepted(service.settings), read)
        if NDJSON in request.headers.get("accept", ""):
            return event_lines(job)
        result = await result_of(request, job, Result)
        return Response(result.transcript.to_json(), media_type="application/json")

    return router
