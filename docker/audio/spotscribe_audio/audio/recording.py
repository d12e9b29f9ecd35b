"""A media file whose sound tracks can be decoded."""

import asyncio
import errno
import math
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from spotscribe_audio.audio.bounded_process import Bounds, run_bounded
from spotscribe_audio.audio.command import (
    MOST_CHANNELS,
    OVERRUN_SECONDS,
    decode_bounds,
    decode_command,
    is_mixed,
    measure_command,
)
from spotscribe_audio.audio.downmix import MixedFile, weights_of
from spotscribe_audio.audio.endings import edits_told, ends_inside, faults
from spotscribe_audio.audio.headers import MOST_PARTS, Part, parts
from spotscribe_audio.audio.joins import joined
from spotscribe_audio.audio.kept_channels import KeptAndMixed, KeptChannels
from spotscribe_audio.audio.media import Media, probe, refuse_failure
from spotscribe_audio.audio.pcm import BYTES_PER_SAMPLE, BYTES_PER_SECOND, SAMPLE_RATE, Origin, Pcm
from spotscribe_audio.audio.source import Source
from spotscribe_audio.audio.tracks import Track, in_order
from spotscribe_common.errors import AudioTooLongError, BadAudioError, DiskFullError, InvalidRequestError

# Left on the disk whatever is decoded.
_DISK_RESERVE = 64 << 20
_MEASURE_BOUNDS = Bounds(memory_bytes=2 << 30, file_bytes=0, cpu_seconds=60, wall_seconds=120)
# ffmpeg's exit status if most packets could not be decoded. What could be is there.
_MOSTLY_LOST = 69


@dataclass(frozen=True)
class Recording:
    """A file that has been probed.

    Attributes:
        file: the media.
        media: what its first part holds.
        parts: recordings that were joined; one, None, where nothing is known of them.
        max_seconds: longest audio accepted.
        scratch: directory for the samples.
        faults: what to say of the file.
        separate: whether the channels are kept beside their mix.
    """

    file: BinaryIO
    media: Media
    parts: Sequence[Part | None]
    max_seconds: float
    scratch: Path
    faults: tuple[str, ...] = ()
    separate: bool = False

    @classmethod
    async def opened(
        cls, file: BinaryIO, max_seconds: float, scratch: Path, *, separate: bool = False
    ) -> "Recording":
        """Probes a file.

        Raises:
            ServiceError: see :func:`spotscribe_audio.audio.media.probe`.
        """
        # In a thread: some files are searched from beginning to end.
        found = await asyncio.to_thread(lambda: parts(file) or joined(file))
        some: Sequence[Part | None] = found or [None]
        media = await probe(Source(file, scratch, _read_apart(some, 0)))
        said: tuple[str, ...] = ()
        if len(found) == MOST_PARTS and found[-1].end < os.fstat(file.fileno()).st_size:
            said = (f"Only the first {MOST_PARTS} recordings in the file were decoded.",)
        return cls(file, media, some, max_seconds, scratch, said, separate)

    async def decoded(self, track: Track) -> Pcm:
        """One track's samples.

        Raises:
            BadAudioError: not decodable, no audio, or endless computing.
            AudioTooLongError: longer than `max_seconds`.
            DiskFullError: the scratch disk has no room.
            InvalidRequestError: too many channels to be kept.
            InternalError: ffmpeg is missing, or waits without progress.
        """
        await self._check_size(track)
        kept = KeptChannels(self.scratch) if self.separate else None
        samples = tempfile.TemporaryFile(dir=self.scratch)  # noqa: SIM115 - handed on inside the Pcm
        try:
            said = [*self.faults, *await self._part(0, self.media, track, samples, kept)]
            for number in range(1, len(self.parts)):
                said += await self._next_part(number, samples, kept)
            pcm = Pcm(samples, Origin(faults=tuple(dict.fromkeys(said))))
            self._check_length(pcm)
            if kept is not None:
                pcm.channels = kept.with_sound(pcm.samples)
        except BaseException as error:
            samples.close()
            if kept is not None:
                kept.close()
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise DiskFullError("The scratch disk is full.", retry_after=30) from error
            raise
        return pcm

    async def _next_part(self, number: int, samples: BinaryIO, kept: KeptChannels | None) -> Sequence[str]:
        try:
            media = await probe(self._source(number))
            return await self._part(number, media, in_order(media.tracks, None)[0], samples, kept)
        except BadAudioError as error:
            return [f"Recording {number + 1} of {len(self.parts)} in the file is missing: {error.message}"]

    async def _part(
        self, number: int, media: Media, track: Track, samples: BinaryIO, kept: KeptChannels | None
    ) -> Sequence[str]:
        """Appends a part's samples, and returns what to say of it."""
        self._check_channels(track)
        before = _seconds(samples)
        room = max(self.max_seconds - before, 0)
        bounds = decode_bounds(self.max_seconds)
        async with self._source(number).opened() as (name, descriptor):
            ended = await run_bounded(
                decode_command(name, room, media, track),
                bounds,
                inherit=[descriptor],
                output=_mixed(samples, track, room, kept) if is_mixed(track) else samples,
                progress=lambda: os.fstat(samples.fileno()).st_size,
            )
        found = _seconds(samples) - before
        if ended.status != _MOSTLY_LOST or not found:
            refuse_failure(ended, "decoded", bounds)
        part = self.parts[number]
        stated = track.stated_seconds
        if part is not None and part.held:
            # By bytes: a header may also be wrong about how many of them are a second.
            stated = None if part.stated is None else found * part.stated / part.held
        is_last = number == len(self.parts) - 1
        return edits_told(track) + faults(
            stated=stated,
            found=found,
            complaint=ended.complaint,
            ends_inside=is_last and await asyncio.to_thread(ends_inside, self.file, media),
        )

    def _check_channels(self, track: Track) -> None:
        if self.separate and not is_mixed(track):
            raise InvalidRequestError(
                f"channels is separate, and the sound track has {track.channels} channels: at most "
                f"{MOST_CHANNELS} are transcribed by themselves. Set channels to mixed.",
                param="channels",
            )

    def _check_length(self, pcm: Pcm) -> None:
        if pcm.samples == 0:
            raise BadAudioError("The file's audio stream holds no samples.")
        if pcm.duration > self.max_seconds:
            raise self._too_long("longer")

    async def _check_size(self, track: Track) -> None:
        """Refuses what is too long or too large for sure: headers, and guesses by bit rate, may be wrong."""
        seconds = self.media.about_seconds or track.stated_seconds or 0
        free = shutil.disk_usage(self.scratch).free
        if not seconds or seconds > self.max_seconds or self._needed(seconds, track) > free:
            seconds = await self._measured(track)
        if seconds > self.max_seconds + OVERRUN_SECONDS:
            raise self._too_long(f"{seconds:.0f} s long")
        needed = self._needed(seconds, track)
        if needed > free:
            raise DiskFullError(
                f"The scratch disk has {free >> 20} MiB free and decoding needs {needed >> 20} MiB.",
                retry_after=30,
            )

    def _needed(self, seconds: float, track: Track) -> int:
        files = 1 + (track.channels if self.separate else 0)
        return round(seconds * BYTES_PER_SECOND) * files + _DISK_RESERVE

    async def _measured(self, track: Track) -> float:
        """Length of a track by its packets, which are read and not decoded; 0 if it cannot be told."""
        async with self._source(0).opened() as (name, descriptor):
            ended = await run_bounded(measure_command(name, track), _MEASURE_BOUNDS, inherit=[descriptor])
        times = re.findall(rb"^out_time_us=(\d+)", ended.output, re.MULTILINE)
        return int(times[-1]) / 1e6 if times else 0.0

    def _source(self, number: int) -> Source:
        return Source(self.file, self.scratch, _read_apart(self.parts, number))

    def _too_long(self, length: str) -> AudioTooLongError:
        most = self.max_seconds
        return AudioTooLongError(
            f"The audio is {length}, and at most {most:g} s ({most / 3600:.1f} h) are accepted. Split it."
        )


def _read_apart(some: Sequence[Part | None], number: int) -> Part | None:
    """A part, unless it is honest and alone in its file: that is read as it is."""
    part = some[number]
    return part if part is not None and (len(some) > 1 or part.patch is not None) else None


def _mixed(
    samples: BinaryIO, track: Track, seconds: float, kept: KeptChannels | None
) -> MixedFile | KeptAndMixed:
    most = math.ceil((seconds + OVERRUN_SECONDS) * SAMPLE_RATE)
    # A mono file may go on in stereo.
    weights = weights_of(track.layout, max(track.channels, 2))
    mixed = MixedFile(samples, weights, most)
    if kept is None:
        return mixed
    before = os.fstat(samples.fileno()).st_size // BYTES_PER_SAMPLE
    return KeptAndMixed(mixed, kept, len(weights), before, most)


def _seconds(samples: BinaryIO) -> float:
    return os.fstat(samples.fileno()).st_size / BYTES_PER_SECOND
