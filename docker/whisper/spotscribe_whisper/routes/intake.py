"""What every route that transcribes does: receive, let in, read, check, decode, start."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, closing
from dataclasses import replace
from typing import BinaryIO, NamedTuple

from fastapi import Request

from spotscribe_audio.audio.decode import Wanted
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.requests.transcribe_body import check_start
from spotscribe_common.contract import TranscribeEvent
from spotscribe_common.http.disconnect import while_connected
from spotscribe_common.receiving.body import Accepted, Body
from spotscribe_common.requests.shared_files import open_shared
from spotscribe_common.work.job import Job
from spotscribe_whisper.options import Options, checked
from spotscribe_whisper.service import TranscriptionService
from spotscribe_whisper.speakers.references import MOST_SECONDS, decoded_reference, shared_recordings


class Source(NamedTuple):
    """The audio that a request names or carries.

    Attributes:
        file: the media.
        options: what the caller chose.
        max_seconds: the caller's own cap.
        references: recordings of the options' `speaker_names` as data URLs.
        recordings: the same as paths on the shared volume.
    """

    file: BinaryIO
    options: Options
    max_seconds: float | None = None
    references: Sequence[str] = ()
    recordings: Sequence[str] = ()


async def start_job(
    request: Request,
    service: TranscriptionService,
    accepted: Accepted,
    read: Callable[[Body, AsyncExitStack], Awaitable[Source]],
) -> tuple[Job[TranscribeEvent], float]:
    """Starts a transcription of what the request holds.

    Args:
        request: nobody has read its body.
        service: what transcribes.
        accepted: the bodies that the route takes.
        read: the source that a body names; what it opens is closed as soon as the audio is decoded.

    Returns:
        The job, and the length of its audio in seconds.

    Raises:
        ServiceError: no place, a bad field, or bad media.
    """
    with ExitStack() as held:
        async with AsyncExitStack() as reading:
            body = await service.receive(request, accepted, reading)
            held.enter_context(service.admission.admit())
            source = await read(body, reading)
            options = checked(source.options, service.engine)
            options = await _with_known_voices(request, service, source, options, held)
            wanted = Wanted(options.asked.track, separate=options.asked.channels == "separate")
            pcm = await service.decode_for(request, source.file, source.max_seconds, held, wanted)
        check_start(options.start_at, pcm)
        return service.start(pcm, options, held.pop_all()), pcm.duration


async def _with_known_voices(
    request: Request, service: TranscriptionService, source: Source, options: Options, held: ExitStack
) -> Options:
    """The options with the recordings of known speakers, which `held` closes."""

    async def decode(path: str) -> Pcm:
        with open_shared(service.settings.shared_audio, path) as file:
            return await while_connected(request.receive, service.decode(file, MOST_SECONDS))

    if source.recordings:
        named = zip(options.speaker_names, source.recordings, strict=True)
        names, recordings, lost = await shared_recordings(named, decode, held)
        return replace(options, speaker_names=names, speaker_recordings=recordings, lost_speakers=lost)
    recordings = []
    for number, url in enumerate(source.references):
        work = decoded_reference(url, number, service.decode, service.settings.tmpdir)
        recordings.append(held.enter_context(closing(await while_connected(request.receive, work))))
    return replace(options, speaker_recordings=recordings)
