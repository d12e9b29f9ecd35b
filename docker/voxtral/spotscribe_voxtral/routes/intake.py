"""What both routes for whole recordings do: let in, read, decode, start."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import BinaryIO, Generic

from fastapi import Request

from spotscribe_common.job import Event, Job
from spotscribe_common.pcm import Pcm
from spotscribe_voxtral.service import VoxtralService


@dataclass(frozen=True)
class Source(Generic[Event]):
    """The audio that a request names or carries.

    Attributes:
        file: the media.
        max_seconds: the caller's own cap.
        start: starts the work on the decoded audio, and takes over what the stack holds.
    """

    file: BinaryIO
    max_seconds: float | None
    start: Callable[[Pcm, ExitStack], Job[Event]]


async def start_job(
    request: Request,
    service: VoxtralService,
    read: Callable[[AsyncExitStack], Awaitable[Source[Event]]],
) -> Job[Event]:
    """Starts work on what the request holds.

    Args:
        request: its body is read by `read`, and nothing more must be awaited from it but its end.
        service: what lets in and decodes.
        read: the source; what it opens is closed as soon as the audio is decoded.

    Raises:
        ServiceError: no place, a bad field, or bad media.
    """
    service.check_ready()
    with ExitStack() as held:
        held.enter_context(service.admission.admit())
        async with AsyncExitStack() as reading:
            source = await read(reading)
            pcm = await service.decode_for(request, source.file, source.max_seconds, held)
        return source.start(pcm, held)
