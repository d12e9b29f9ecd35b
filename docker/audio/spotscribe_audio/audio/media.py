"""What an untrusted media file is, found out without believing its name or opening anything that it names."""

import json
import math
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from spotscribe_audio.audio.bounded_process import Bounds, Finished, run_bounded
from spotscribe_audio.audio.source import Source
from spotscribe_audio.audio.tracks import Track, is_aside
from spotscribe_common.errors import BadAudioError, DiskFullError, UnsupportedMediaError

# Demuxers that hold their media themselves. None of them opens a second file or a URL.
CONTAINERS = (
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dts", "eac3", "flac", "flv", "matroska",
    "mov", "mp3", "mp4", "mpc8", "mpeg", "mpegts", "ogg", "tta", "voc", "w64", "wav", "webm", "wv",
)  # fmt: skip
# What ffprobe and ffmpeg are told before the input: local file only, and only these containers.
INPUT_GUARD = ("-protocol_whitelist", "file,pipe", "-format_whitelist", ",".join(CONTAINERS))
# MP4 has them, and no other container knows the option.
IGNORING_EDITS = ("-ignore_editlist", "1")
# Containers that state lengths. Those of others are measured by their end, or guessed.
_STATING = frozenset(
    {"aiff", "ape", "asf", "au", "avi", "caf", "flac", "flv", "matroska", "mov", "mp3", "mpc8", "tta", "wv"}
)  # fmt: skip
# Of these only the length of the whole file is known, and not that of each track.
_WHOLE = frozenset({"asf", "flv"})

_HEAD_BYTES = 1 << 16
_PLAYLIST = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|ffconcat\s+version|\[playlist\]|v=0\r?\n|"
    rb"<asx|<smil|(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:MPD|playlist|SmoothStreamingMedia)[\s>]|"
    rb"(?:#[^\n]*\n\s*)*(?:file|stream|exact_stream_id|option|chapter)\s+['\"\w])",
    re.DOTALL | re.IGNORECASE,
)
# Without texts of the file's own, which may have any length.
_ENTRIES = (
    "format=format_name,start_time,duration:"
    "stream=codec_type,codec_name,start_time,duration,channels,channel_layout:stream_disposition"
)
_TEXTS = "stream_tags=DURATION,title,handler_name"
# What ffprobe says if it has guessed the length.
_GUESSED = "Estimating duration"
_PROBE_BOUNDS = Bounds(memory_bytes=2 << 30, file_bytes=0, cpu_seconds=60, wall_seconds=120)


@dataclass(frozen=True)
class Media:
    """A file that holds audio.

    Attributes:
        container: ffmpeg's name for it, such as `wav` or `mov,mp4,m4a,3gp,3g2,mj2`.
        tracks: its sound tracks, at least one.
        about_seconds: length of the file as stated or guessed; None if neither is possible.
    """

    container: str
    tracks: Sequence[Track]
    about_seconds: float | None = None

    def is_any(self, containers: Collection[str]) -> bool:
        """Whether the container is one of these."""
        return not set(containers).isdisjoint(self.container.split(","))


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


async def probe(source: Source) -> Media:
    """Asks ffprobe, bounded, what the file holds.

    Raises:
        BadAudioError: not decodable, or without an audio stream.
        UnsupportedMediaError: a container that is not accepted.
        InternalError: ffprobe is missing.
    """
    found, said = await _asked(source, "-show_entries", _ENTRIES)
    streams = found.get("streams", [])
    texts = await _texts(source) if len(streams) > 1 else []
    media = _media(found, texts, is_guessed=_GUESSED in said)
    return await _with_unedited(media, source) if media.is_any({"mov"}) else media


async def _with_unedited(media: Media, source: Source) -> Media:
    what = ("-select_streams", "a", "-show_entries", "stream=duration")
    found, _ = await _asked(source, *IGNORING_EDITS, *what)
    lengths = [_seconds(stream.get("duration")) for stream in found.get("streams", [])]
    tracks = [
        replace(track, unedited_seconds=length) for track, length in zip(media.tracks, lengths, strict=False)
    ]
    return replace(media, tracks=tracks) if len(tracks) == len(media.tracks) else media


async def _asked(source: Source, *what: str) -> tuple[dict[str, Any], str]:
    async with source.opened() as (name, descriptor):
        answer = await run_bounded(
            ["ffprobe", "-v", "warning", *INPUT_GUARD, "-of", "json", *what, "-i", name],
            _PROBE_BOUNDS,
            inherit=[descriptor],
        )
    refuse_failure(answer, "probed", _PROBE_BOUNDS)
    try:
        found: dict[str, Any] = json.loads(answer.output)
    except ValueError as error:
        raise BadAudioError("The file's description of its streams is malformed or too long.") from error
    return found, answer.complaint


async def _texts(source: Source) -> list[dict[str, str]]:
    """Each sound track's texts, which may hold anything: its title, and its length in Matroska."""
    try:
        found, _ = await _asked(source, "-select_streams", "a", "-show_entries", _TEXTS)
    except BadAudioError:
        return []
    return [stream.get("tags", {}) for stream in found.get("streams", [])]


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
    if "moov atom not found" in ended.complaint or "Missing packet table" in ended.complaint:
        raise BadAudioError(
            "The file has no index: the recording was cut off before its end was written, and without the "
            "index its audio cannot be found. Repair it with the recorder's own software."
        )
    lines = [line for line in ended.complaint.splitlines() if line.strip()]
    said = (
        re.sub(r"(file:/dev/fd/|pipe:)\d+:? ?", "", lines[-1])[:200]
        if lines
        else f"exit status {ended.status}"
    )
    raise BadAudioError(f"The file could not be {verb} as audio: {said}.")


def _media(found: dict[str, Any], texts: Sequence[dict[str, str]], *, is_guessed: bool) -> Media:
    streams: list[dict[str, Any]] = found.get("streams", [])
    whole: dict[str, Any] = found.get("format", {})
    container = str(whole.get("format_name", ""))
    audio = [stream for stream in streams if stream.get("codec_type") == "audio"]
    if not audio:
        raise BadAudioError(f"The file ({container or 'unknown container'}) has no audio stream.")
    about = _seconds(whole.get("duration"))
    media = Media(container, [], about)
    states = media.is_any(_STATING) and not is_guessed
    tracks = []
    for at, stream in enumerate(audio):
        own = texts[at] if at < len(texts) else {}
        # A film's length says nothing about its sound, which may end before the picture; that of an MP4 file
        # nothing about what its edit list leaves.
        alone = about if len(streams) == 1 and not media.is_any({"mov"}) else None
        length = alone if media.is_any(_WHOLE) else _seconds(stream.get("duration"))
        disposition = stream.get("disposition", {})
        track = Track(
            number=at + 1,
            channels=max(int(stream.get("channels", 1)), 1),
            layout=_layout(stream.get("channel_layout")),
            start_seconds=max(_number(stream.get("start_time")) - _number(whole.get("start_time")), 0),
            stated_seconds=(length or _clock(own.get("DURATION")) or alone) if states else None,
            is_default=bool(disposition.get("default")),
            is_aside=is_aside(disposition, f"{own.get('title', '')} {own.get('handler_name', '')}"[:1000]),
            is_known=stream.get("codec_name", "unknown") not in ("unknown", "none"),
        )
        tracks.append(track)
    return replace(media, tracks=tracks)


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
