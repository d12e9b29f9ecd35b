"""What every route that transcribes does: let in, read, check, decode, start."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, closing
from typing import BinaryIO, NamedTuple

from fastapi import Request

from spotscribe_common.contract import Transcript
from spotscribe_common.disconnect import while_connected
from spotscribe_whisper.job import Job
from spotscribe_whisper.options import Options, check_options, check_start
from spotscribe_whisper.service import TranscriptionService


class Source(NamedTuple):
    """The audio that a request names or carries; `max_seconds` is the caller's own cap."""

    file: BinaryIO
    options: Options
    max_seconds: float | None = None


async def start_job(
    request: Request,
    service: TranscriptionService,
    read: Callable[[AsyncExitStack], Awaitable[Source]],
) -> Job:
    """Starts a transcription of what the request holds.

    Args:
        request: its body is read by `read`, and nothing more must be awaited from it but its end.
        service: what transcribes.
        read: the source; what it opens is closed as soon as the audio is decoded.

    Raises:
        ServiceError: no place, a bad field, or bad media.
    """
    service.check_ready()
    with ExitStack() as held:
        held.enter_context(service.admission.admit())
        async with AsyncExitStack() as reading:
            source = await read(reading)
            check_options(source.options, service.engine)
            decoding = service.decode(source.file, source.max_seconds)
            pcm = held.enter_context(closing(await while_connected(request.receive, decoding)))
        check_start(source.options, pcm)
        return service.start(pcm, source.options, held.pop_all())


async def transcript_of(request: Request, job: Job) -> Transcript:
    """The job's result. The job ends with the connection, whoever ends it."""
    try:
        return await while_connected(request.receive, job.transcript())
    finally:
        job.cancel()
