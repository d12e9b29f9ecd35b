"""What both routes for whole recordings do: receive, let in, read, decode, start."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import BinaryIO, Generic

from fastapi import Request

from spotscribe_audio.audio.decode import Wanted
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.receiving.body import Accepted, Body
from spotscribe_common.work.job import Event, Job
from spotscribe_voxtral.service import VoxtralService


@dataclass(frozen=True)
class Source(Generic[Event]):
    """The audio that a request names or carries.

    Attributes:
        file: the media.
        max_seconds: the caller's own cap.
        track: number of the sound track, from 1 on.
        start: starts the work on the decoded audio, and takes over what the stack holds.
    """

    file: BinaryIO
    max_seconds: float | None
    track: int | None
    start: Callable[[Pcm, ExitStack], Job[Event]]


async def start_job(
    request: Request,
    service: VoxtralService,
    accepted: Accepted,
    read: Callable[[Body, AsyncExitStack], Awaitable[Source[Event]]],
) -> Job[Event]:
    """Starts work on what the request holds.

    Args:
        request: nobody has read its body.
        service: what lets in and decodes.
        accepted: the bodies that the route takes.
        read: the source that a body names; what it opens is closed as soon as the audio is decoded.

    Raises:
        ServiceError: no place, a bad field, or bad media.
    """
    with ExitStack() as held:
        async with AsyncExitStack() as reading:
            body = await service.receive(request, accepted, reading)
            held.enter_context(service.admission.admit())
            source = await read(body, reading)
            pcm = await service.decode_for(
                request, source.file, source.max_seconds, held, Wanted(source.track)
            )
        return source.start(pcm, held)
