"""`POST /synthesize`: a document on the shared volume, for the worker."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from functools import partial

from fastapi import APIRouter, Request, Response

from spotscribe_common.contract import Failed, SpeechPart, SpeechPiece, SynthesizeEvent, SynthesizeRequest
from spotscribe_common.http.event_stream import EMPTY_LINE, EMPTY_LINE_SECONDS, NDJSON, EventStream, as_line
from spotscribe_common.http.http_errors import ErrorBody
from spotscribe_common.http.openapi import ERRORS, whole_schema
from spotscribe_common.receiving.body import JSON, Accepted
from spotscribe_common.requests.bodies import json_body
from spotscribe_common.requests.shared_files import open_shared
from spotscribe_common.work.lanes import Unqueued
from spotscribe_speech.service import SpeechService
from spotscribe_speech.synthesis.work import SpeechWork

# The paths of an earlier attempt's parts: 16,000 in the 90 hours of the longest text.
_JSON_BYTES = 4 << 20


def synthesize_routes(service: SpeechService) -> APIRouter:
    """What the worker calls for a job's speech."""
    router = APIRouter(tags=["Spotscribe"])
    # Not asyncio's threads: as many jobs as there are threads would wait for lines that nobody encodes.
    threads = ThreadPoolExecutor(service.admission.limit, thread_name_prefix="speech")

    @router.post(
        "/synthesize",
        response_class=Response,
        responses={
            **ERRORS,
            200: {"content": {NDJSON: {"schema": {"type": "string"}}}},
            403: {"model": ErrorBody, "description": "`path` leads outside the shared folder."},
        },
        openapi_extra={
            "requestBody": {"required": True, "content": {JSON: {"schema": whole_schema(SynthesizeRequest)}}}
        },
    )
    async def synthesize(request: Request) -> Response:
        """Speaks a text, Markdown, SSML or EPUB file.

        The answer is a stream of events, a line of JSON each: parts of the speech as it is spoken, the
        finished files in pieces, and at last what they are. An empty line says that the work goes on.
        """
        with ExitStack() as held:
            async with AsyncExitStack() as reading:
                body = await service.receive(request, Accepted(json=_JSON_BYTES), reading)
                held.enter_context(service.admission.admit())
                asked = await json_body(body, SynthesizeRequest)
            voice = service.voice(asked.voice, asked.language)
            file = held.enter_context(open_shared(service.settings.shared_audio, asked.path))
            loop = asyncio.get_running_loop()
            work = SpeechWork(service, file, asked, voice, loop)

            def timed(emit: Callable[[SynthesizeEvent], None], is_stopped: Callable[[], bool]) -> None:
                with service.metrics.timed("synthesis"):
                    work.run(emit, is_stopped)

            job = service.job(timed, held.pop_all(), Unqueued(partial(loop.run_in_executor, threads)))

        def as_sent_line(event: SynthesizeEvent | Failed) -> str:
            if isinstance(event, SpeechPart | SpeechPiece):
                work.sent()
            return as_line(event)

        return EventStream(
            job, NDJSON, as_sent_line, keep_alive=EMPTY_LINE, keep_alive_seconds=EMPTY_LINE_SECONDS
        )

    return router
