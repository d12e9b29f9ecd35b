"""Any media file to 16 kHz mono samples on the scratch disk, in a bounded process."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from spotscribe_audio.audio.media import refuse_playlists
from spotscribe_audio.audio.pcm import SILENT, Origin, Pcm
from spotscribe_audio.audio.recording import Recording
from spotscribe_audio.audio.tracks import Track, choice_told, in_order
from spotscribe_common.errors import BadAudioError

# Tracks that are decoded to find one with sound.
_MOST_TRIED = 4
_BLOCK_SECONDS = 60.0


class Wanted(NamedTuple):
    """Which sound of a file is wanted: see :func:`decode`."""

    track: int | None = None
    separate: bool = False


async def decode(
    file: BinaryIO, *, max_seconds: float, scratch: Path, track: int | None = None, separate: bool = False
) -> Pcm:
    """Decodes one sound track of a file; :mod:`spotscribe_audio.audio.downmix` mixes its channels.

    Without a wish the track is the one marked as default, of those that are no commentary, and the one with
    the most channels among these. One that is silent, or cannot be decoded, is passed over. What is in the
    file is decoded, whatever its header states; `degraded` of the result tells the difference.

    Disk: 32 kB for each second of audio, up to `max_seconds`, in a file without a name, which is gone when
    the returned :class:`Pcm` is closed or the process ends, however it ends; for each of two tracks, if the
    first is silent. With `separate`, as much again for each channel with sound. Memory: flat.

    Args:
        file: the media, open for reading; it is read by ffmpeg through this very descriptor.
        max_seconds: longest audio accepted.
        scratch: directory for the samples.
        track: number of the sound track, from 1 on.
        separate: also keeps the channels.

    Raises:
        UnsupportedMediaError: a playlist or a container that is not accepted.
        InvalidRequestError: there is no such track, or it has too many channels to be kept.
        BadAudioError: not decodable, no audio, or endless computing.
        AudioTooLongError: longer than `max_seconds`.
        DiskFullError: the scratch disk has no room.
        InternalError: ffmpeg is missing, or waits without progress.
    """
    refuse_playlists(file)
    recording = await Recording.opened(file, max_seconds, scratch, separate=separate)
    tracks = recording.media.tracks
    found = await _first_with_sound(recording, in_order(tracks, track)[:_MOST_TRIED])
    told = found.pcm.origin.faults
    if track is None and len(tracks) > 1:
        told = (choice_told(found.track, tracks, found.passed_over), *told)
    found.pcm.origin = Origin(found.track.number, len(tracks), told)
    return found.pcm


@dataclass(frozen=True)
class _Found:
    """A decoded track, and the numbers of those passed over with what was wrong with each."""

    pcm: Pcm
    track: Track
    passed_over: dict[int, str]


async def _first_with_sound(recording: Recording, tracks: Sequence[Track]) -> _Found:
    """The first track that is not silent; the first at all, if all are."""
    passed_over: dict[int, str] = {}
    silent: _Found | None = None
    failure: BadAudioError | None = None
    try:
        for track in tracks:
            try:
                pcm = await recording.decoded(track)
            except BadAudioError as error:
                failure = error if failure is None else failure
                passed_over[track.number] = "could not be decoded"
                continue
            found = _Found(pcm, track, {**passed_over})
            if len(tracks) == 1 or not await asyncio.to_thread(_is_silent, pcm):
                return found
            passed_over[track.number] = "is silent"
            if silent is None:
                silent = found
            else:
                pcm.close()
        if silent is not None:
            found, silent = silent, None
            return found
    finally:
        if silent is not None:
            silent.pcm.close()
    assert failure is not None  # noqa: S101 - no track was decoded
    raise failure


def _is_silent(pcm: Pcm) -> bool:
    return all(int(np.abs(block.astype(np.int32)).max()) <= SILENT for block in pcm.blocks(_BLOCK_SECONDS))
