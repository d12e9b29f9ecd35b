"""Any media file to 16 kHz mono samples on the scratch disk, in a bounded process."""

import errno
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from spotscribe_audio.audio.bounded_process import Bounds, run_bounded
from spotscribe_audio.audio.downmix import MixedFile, weights_of
from spotscribe_audio.audio.media import INPUT_GUARD, Media, input_name, probe, refuse_failure
from spotscribe_audio.audio.pcm import BYTES_PER_SECOND, SAMPLE_RATE, Pcm
from spotscribe_common.errors import AudioTooLongError, BadAudioError, DiskFullError

# Decoded past the cap, so that what is longer shows.
_OVERRUN_SECONDS = 1.0
# Left on the disk whatever is decoded.
_DISK_RESERVE = 64 << 20
# ffmpeg starts its filters anew where a file changes its channels or its rate. Further from the beginning of
# the audio than this, they are not at its beginning.
_NEAR_SECONDS = 1.0
# More than any sensible recording has: ffmpeg itself mixes these, as far as it can.
_MOST_CHANNELS = 64


async def decode(file: BinaryIO, *, max_seconds: float, scratch: Path) -> Pcm:
    """Decodes the first audio stream of a file; :mod:`spotscribe_audio.audio.downmix` mixes its channels.

    Disk: 32 kB for each second of audio, up to `max_seconds`, in a file without a name, which is gone when
    the returned :class:`Pcm` is closed or the process ends, however it ends. Memory: flat.

    Args:
        file: the media, open for reading; it is read by ffmpeg through this very descriptor.
        max_seconds: longest audio accepted.
        scratch: directory for the samples.

    Raises:
        UnsupportedMediaError: a playlist or a container that is not accepted.
        BadAudioError: not decodable, no audio, less audio than the header promises, or endless computing.
        AudioTooLongError: longer than `max_seconds`.
        DiskFullError: the scratch disk has no room.
        InternalError: ffmpeg is missing, or waits without progress.
    """
    media = await probe(file)
    if media.stated_seconds is not None and media.stated_seconds > max_seconds:
        raise _too_long(f"{media.stated_seconds:.0f} s long", max_seconds)
    _check_space(media.stated_seconds, scratch)
    bounds = _bounds(max_seconds)
    samples = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 - handed on inside the Pcm
    try:
        is_mixed = _is_mixed(media)
        ended = await run_bounded(
            _command(file, max_seconds, media),
            bounds,
            inherit=[file.fileno()],
            output=_mixed(samples, media, max_seconds) if is_mixed else samples,
            progress=lambda: os.fstat(samples.fileno()).st_size,
        )
        refuse_failure(ended, "decoded", bounds)
        pcm = Pcm(samples)
        _check_length(pcm, media, max_seconds)
    except BaseException as error:
        samples.close()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskFullError("The scratch disk is full.", retry_after=30) from error
        raise
    return pcm


def _is_mixed(media: Media) -> bool:
    return media.channels <= _MOST_CHANNELS


def _mixed(samples: BinaryIO, media: Media, max_seconds: float) -> MixedFile:
    most = math.ceil((max_seconds + _OVERRUN_SECONDS) * SAMPLE_RATE)
    # A mono file may go on in stereo.
    return MixedFile(samples, weights_of(media.layout, max(media.channels, 2)), most)


def _command(file: BinaryIO, max_seconds: float, media: Media) -> list[str]:
    filters, count = _channels(media)
    # Filters that start later begin with no silence: what came before has been put out.
    late = f"asetpts=PTS-if(gt(STARTT\\,{media.start_seconds + _NEAR_SECONDS:.3f})\\,STARTPTS\\,0)"
    return [
        "ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-threads", "1", *INPUT_GUARD,
        "-i", input_name(file), "-map", "0:a:0", "-vn", "-sn", "-dn",
        "-t", f"{max_seconds + _OVERRUN_SECONDS:.3f}",
        # Gaps in the time stamps become silence: the words' times are those of the file.
        "-af", ",".join([late, "aresample=async=1:first_pts=0", *filters]), *count, "-ar", str(SAMPLE_RATE),
        "-f", "s16le", "-flush_packets", "0", "pipe:1",
    ]  # fmt: skip


def _channels(media: Media) -> tuple[list[str], list[str]]:
    """Filters and options that keep the channels, and their number where the file changes it later on."""
    if not _is_mixed(media):
        return [], ["-ac", "1"]
    if media.channels == 1:
        # The second channel is silent, and so without weight, until the file goes on in stereo.
        return ["aformat=channel_layouts=mono|stereo", "pan=2c|c0=c0|c1=c1"], []
    if media.layout is None:
        return [], ["-ac", str(media.channels)]
    # `-ac 4` is ffmpeg's default layout of four channels, and every other layout is mixed to it.
    return [f"aformat=channel_layouts={media.layout}"], []


def _bounds(max_seconds: float) -> Bounds:
    return Bounds(
        memory_bytes=2 << 30,
        file_bytes=math.ceil((max_seconds + _OVERRUN_SECONDS) * BYTES_PER_SECOND) + (1 << 20),
        # The slowest of what is sensible (many channels at a high rate) decodes at some 50 times real time.
        cpu_seconds=math.ceil(60 + max_seconds / 20),
        wall_seconds=120 + max_seconds / 10,
    )


def _check_space(seconds: float | None, scratch: Path) -> None:
    needed = round((0 if seconds is None else seconds) * BYTES_PER_SECOND) + _DISK_RESERVE
    free = shutil.disk_usage(scratch).free
    if free < needed:
        raise DiskFullError(
            f"The scratch disk has {free >> 20} MiB free and decoding needs {needed >> 20} MiB.",
            retry_after=30,
        )


def _check_length(pcm: Pcm, media: Media, max_seconds: float) -> None:
    if pcm.samples == 0:
        raise BadAudioError("The file's audio stream holds no samples.")
    if pcm.duration > max_seconds:
        raise _too_long("longer", max_seconds)
    if not media.promised or media.stated_seconds is None:
        return
    missing = media.stated_seconds - pcm.duration
    if missing > max(1.0, 0.02 * media.stated_seconds):
        raise BadAudioError(
            f"The file is truncated or damaged: its header promises {media.stated_seconds:.1f} s of audio, "
            f"and {pcm.duration:.1f} s could be decoded. Upload it again."
        )


def _too_long(length: str, max_seconds: float) -> AudioTooLongError:
    return AudioTooLongError(
        f"The audio is {length}, and at most {max_seconds:g} s ({max_seconds / 3600:.1f} h) are accepted. "
        "Split it."
    )
