"""What an untrusted media file is, found out without believing its name or opening anything that it names."""

import json
import math
import os
import re
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from spotscribe_audio.audio.bounded_process import Bounds, Finished, run_bounded
from spotscribe_common.errors import BadAudioError, DiskFullError, UnsupportedMediaError

# Demuxers that hold their media themselves. None of them opens a second file or a URL.
CONTAINERS = (
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dts", "eac3", "flac", "flv", "matroska",
    "mov", "mp3", "mp4", "mpc8", "mpeg", "mpegts", "ogg", "tta", "voc", "w64", "wav", "webm", "wv",
)  # fmt: skip
# What ffprobe and ffmpeg are told before the input: local file only, and only these containers.
INPUT_GUARD = ("-protocol_whitelist", "file,pipe", "-format_whitelist", ",".join(CONTAINERS))
# Containers whose header states the length that was meant. Others are measured by the file as it lies there.
_PROMISING = frozenset({"aiff", "flac", "matroska", "mov", "wav"})

_HEAD_BYTES = 1 << 16
_PLAYLIST = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|ffconcat\s+version|\[playlist\]|v=0\r?\n|"
    rb"<asx|<smil|(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:MPD|playlist|SmoothStreamingMedia)[\s>]|"
    rb"(?:#[^\n]*\n\s*)*(?:file|stream|exact_stream_id|option|chapter)\s+['\"\w])",
    re.DOTALL | re.IGNORECASE,
)
# Without texts of the file's own, which may have any length.
_ENTRIES = (
    "format=format_name,start_time,duration:stream=codec_type,start_time,duration,channels,channel_layout"
)
_PROBE_BOUNDS = Bounds(memory_bytes=2 << 30, file_bytes=0, cpu_seconds=60, wall_seconds=120)


@dataclass(frozen=True)
class Media:
    """A file that holds audio.

    Attributes:
        container: ffmpeg's name for it, such as `wav` or `mov,mp4,m4a,3gp,3g2,mj2`.
        stated_seconds: length of the audio as the file states it; None if it does not, or not reliably.
        promised: whether that length was written before the audio, so that less audio means a truncated file.
        channels: number of the first audio stream's channels, at least 1.
        layout: ffmpeg's name for what they are, such as `5.1(side)`; None if the file does not say.
        start_seconds: when the first audio stream begins, from the beginning of the file.
    """

    container: str
    stated_seconds: float | None
    promised: bool
    channels: int = 1
    layout: str | None = None
    start_seconds: float = 0.0


def refuse_playlists(file: BinaryIO) -> None:
    """Looks at the first bytes, so that a playlist never reaches ffmpeg at all.

    Raises:
        UnsupportedMediaError: the file is a playlist (HLS, concat, DASH, SDP, PLS, ASX, SMIL).
        BadAudioError: the file is empty.
    """
    head = os.pread(file.fileno(), _HEAD_BYTES, 0)
    if not head:
        raise BadAudioError("The file is empty (0 bytes).")
    if _PLAYLIST.match(head):
        raise UnsupportedMediaError("The file is a playlist that names other files. Send the media itself.")


async def probe(file: BinaryIO) -> Media:
    """Asks ffprobe, bounded, what the file holds.

    Raises:
        UnsupportedMediaError: a playlist or a container that is not accepted.
        BadAudioError: not decodable, or without an audio stream.
        InternalError: ffprobe is missing.
    """
    refuse_playlists(file)
    found = await _asked(file, "-show_entries", _ENTRIES)
    return _media(found, file, await _sound_clock(file) if _is_matroska_film(found) else None)


async def _asked(file: BinaryIO, *what: str) -> dict[str, Any]:
    answer = await run_bounded(
        ["ffprobe", "-v", "error", *INPUT_GUARD, "-of", "json", *what, "-i", input_name(file)],
        _PROBE_BOUNDS,
        inherit=[file.fileno()],
    )
    refuse_failure(answer, "probed", _PROBE_BOUNDS)
    try:
        found: dict[str, Any] = json.loads(answer.output)
    except ValueError as error:
        raise BadAudioError("The file's description of its streams is malformed or too long.") from error
    return found


def _is_matroska_film(found: dict[str, Any]) -> bool:
    return "matroska" in found.get("format", {}).get("format_name", "") and len(found.get("streams", [])) > 1


async def _sound_clock(file: BinaryIO) -> str | None:
    """Length of the first audio stream as a Matroska file states it: in a tag, which may hold anything."""
    try:
        found = await _asked(file, "-select_streams", "a:0", "-show_entries", "stream_tags=DURATION")
    except BadAudioError:
        return None
    tags = [stream.get("tags", {}).get("DURATION") for stream in found.get("streams", [])]
    return tags[0] if tags else None


def input_name(file: BinaryIO) -> str:
    """A name without an extension, which ffmpeg would believe; and the very file that was checked."""
    return f"file:/dev/fd/{file.fileno()}"


def refuse_failure(ended: Finished, verb: str, bounds: Bounds) -> None:
    """Raises the error for an ffmpeg or ffprobe that did not succeed."""
    if ended.status == 0 and not ended.timed_out:
        return
    if "not on whitelist" in ended.complaint:
        raise UnsupportedMediaError(
            f"The file's container is not accepted. Accepted are: {', '.join(CONTAINERS)}."
        )
    if "No space left on device" in ended.complaint:
        raise DiskFullError("The scratch disk is full.", retry_after=30)
    if ended.timed_out:
        raise BadAudioError(f"The file could not be {verb} within {bounds.wall_seconds:g} s.")
    if "Cannot allocate memory" in ended.complaint:
        raise BadAudioError(f"The file could not be {verb} within {bounds.memory_bytes >> 20} MiB of memory.")
    lines = [line for line in ended.complaint.splitlines() if line.strip()]
    said = re.sub(r"file:/dev/fd/\d+:? ?", "", lines[-1])[:200] if lines else f"exit status {ended.status}"
    raise BadAudioError(f"The file could not be {verb} as audio: {said}.")


def _media(found: dict[str, Any], file: BinaryIO, clock: str | None) -> Media:
    streams: list[dict[str, Any]] = found.get("streams", [])
    audio = next((stream for stream in streams if stream.get("codec_type") == "audio"), None)
    container = str(found.get("format", {}).get("format_name", ""))
    if audio is None:
        raise BadAudioError(f"The file ({container or 'unknown container'}) has no audio stream.")
    channels, layout = max(int(audio.get("channels", 1)), 1), _layout(audio.get("channel_layout"))
    if container == "wav":
        # ffprobe measures a truncated WAV by its size: what was promised stands in the header only.
        seconds = _wav_seconds(os.pread(file.fileno(), _HEAD_BYTES, 0))
        return Media(container, seconds, promised=True, channels=channels, layout=layout)
    alone = all(stream.get("codec_type") == "audio" for stream in streams)
    # A film's length says nothing about its sound, which may end before the picture.
    stated = _seconds(audio.get("duration")) or _clock(clock)
    if stated is None and alone:
        stated = _seconds(found.get("format", {}).get("duration"))
    promised = not _PROMISING.isdisjoint(container.split(","))
    # Lengths of the remaining containers are guessed from the bit rate, but Ogg's is read from its last page.
    known = stated if promised or container == "ogg" else None
    start = _number(audio.get("start_time")) - _number(found.get("format", {}).get("start_time"))
    return Media(container, known, promised, channels, layout, max(start, 0))


def _layout(text: str | None) -> str | None:
    """The layout if it may stand in a filter of ffmpeg's, where some characters have a meaning."""
    return text if re.fullmatch(r"(?!unknown)[A-Za-z0-9.()+ -]{1,999}", text or "") else None


def _seconds(text: str | None) -> float | None:
    value = _number(text)
    return value if value > 0 else None


def _number(text: str | None) -> float:
    """Of what ffprobe leaves out or says as `N/A`, 0."""
    try:
        value = float(text or 0)
    except ValueError:
        return 0
    return value if math.isfinite(value) else 0


def _clock(text: str | None) -> float | None:
    """Seconds of Matroska's `HH:MM:SS.nnnnnnnnn`."""
    match = re.fullmatch(r"(\d{1,6}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)", text or "")
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None


def _wav_seconds(head: bytes) -> float | None:
    """Length stated in a RIFF header; None where a stream's writer could not know and left a placeholder."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, byte_rate = 12, 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt " and at + 20 <= len(head):
            byte_rate = struct.unpack_from("<I", head, at + 16)[0]
        if name == b"data":
            placeholder = size == 0 or 0x7FFF_F000 <= size <= 0x7FFF_FFFF or size >= 0xFFFF_F000
            return None if placeholder or byte_rate == 0 else size / byte_rate
        at += 8 + size + size % 2
    return None
