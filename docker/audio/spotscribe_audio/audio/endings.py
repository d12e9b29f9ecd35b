"""Whether a recording ends early, or differs from what its file states."""

import os
import re
import struct
from collections.abc import Callable
from typing import BinaryIO

from spotscribe_audio.audio.boxes import LEAST_BYTES, boxes
from spotscribe_audio.audio.media import Media
from spotscribe_audio.audio.mp3_frames import ends_inside_frame
from spotscribe_audio.audio.tracks import Track

# Differences up to this are padding of codecs and rounding.
_LEAST_SECONDS = 0.5
_LEAST_SHARE = 0.01
# What ffmpeg says when the file ends inside something.
_CUT = re.compile(r"ended prematurely|partial file|Truncating packet|Input/output error", re.IGNORECASE)
_LOST = re.compile(
    r"Error while decoding stream|Error submitting packet to decoder|corrupt (?:input packet|decoded frame)"
)
# Parts of a container that are looked at.
_MOST_STEPS = 1_000_000
# Ogg's pages have at most 65,307 bytes.
_OGG_TAIL = 1 << 17
# Packets of 188 bytes, alone, after a time, or before a check sum.
_TS_PACKETS = (188, 192, 204)
_ASF_FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_HEAD = 1 << 16


def faults(
    *, stated: float | None, found: float, complaint: str, ends_inside: bool = False
) -> tuple[str, ...]:
    """What to say of a recording that is not as its file states.

    Args:
        stated: length in seconds that the file states; None if it does not.
        found: length in seconds of what was decoded.
        complaint: ffmpeg's errors.
        ends_inside: see :func:`ends_inside`.
    """
    lost = len(_LOST.findall(complaint))
    more = 0.0 if stated is None else found - stated
    tolerance = max(_LEAST_SECONDS, _LEAST_SHARE * found)
    if more < -tolerance:
        return (
            f"The audio ends early, or its header is wrong: the header states {stated:.1f} s, and the file "
            f"has {found:.1f} s.",
        )
    if ends_inside or _CUT.search(complaint):
        return (f"The audio ends early: the file was cut off after {found:.1f} s of audio.",)
    if more > tolerance:
        return (
            f"The header is wrong: it states {stated:.1f} s of audio, and the file has {found:.1f} s. All of "
            "it was decoded.",
        )
    if lost:
        count = "1 of its packets is" if lost == 1 else f"{lost} of its packets are"
        return (f"Some audio may be missing: {count} damaged, or cut off.",)
    return ()


def edits_told(track: Track) -> tuple[str, ...]:
    """What to say of an edit list: players skip what it leaves out, and so does the decoder."""
    whole, kept = track.unedited_seconds, track.stated_seconds
    if track.has_useless_edits:
        return ("The file's edit list leaves nothing of its audio. All of it was decoded.",)
    if whole is None or kept is None or whole - kept <= max(_LEAST_SECONDS, _LEAST_SHARE * whole):
        return ()
    return (f"The file's edit list leaves out {whole - kept:.1f} s of its audio, which were not heard.",)


def ends_inside(file: BinaryIO, media: Media) -> bool:
    """Whether the file ends before its container does."""
    size = os.fstat(file.fileno()).st_size
    return any(media.is_any({name}) and check(file, size) for name, check in _CHECKS.items())


def _ends_inside_riff(file: BinaryIO, size: int) -> bool:
    """AVI: files above 1 GB have several RIFF chunks."""
    at = 0
    for _ in range(_MOST_STEPS):
        if at + 8 > size:
            break
        name, length = struct.unpack("<4sI", os.pread(file.fileno(), 8, at))
        if name != b"RIFF":
            return False
        # What a program writes to a pipe, and what is left by a crash.
        if length >= 0x7FFF_F000:
            return False
        if length < 12:
            return True
        at += 8 + length + length % 2
    return at > size + 1


def _ends_inside_box(file: BinaryIO, size: int) -> bool:
    """MP4: its top is a list of boxes."""
    end = 0
    for at, name, length in boxes(file, size):
        if len(name) < 4:
            return True
        if length < LEAST_BYTES:
            return False
        end = at + length
    return end > size


def _is_shorter_than_asf_states(file: BinaryIO, size: int) -> bool:
    head = os.pread(file.fileno(), _ASF_HEAD, 0)
    at = head.find(_ASF_FILE_PROPERTIES)
    # The object: its name, its size, the file's name; then the file's size.
    return at >= 0 and at + 48 <= len(head) and size < struct.unpack_from("<Q", head, at + 40)[0]


def _has_no_last_page(file: BinaryIO, size: int) -> bool:
    """Ogg: the last page of a stream has a mark."""
    tail = os.pread(file.fileno(), _OGG_TAIL, max(size - _OGG_TAIL, 0))
    at = tail.rfind(b"OggS")
    return at >= 0 and at + 27 <= len(tail) and not tail[at + 5] & 4


def _ends_inside_block(file: BinaryIO, size: int) -> bool:
    """VOC: blocks follow its head, and a zero ends it."""
    head = os.pread(file.fileno(), 26, 0)
    at = struct.unpack_from("<H", head, 20)[0] if len(head) > 22 else size
    for _ in range(_MOST_STEPS):
        if at >= size:
            return True
        block = os.pread(file.fileno(), 4, at)
        if block[:1] == b"\0":
            return False
        at += 4 + int.from_bytes(block[1:], "little")
    return False


def _ends_inside_packet(file: BinaryIO, size: int) -> bool:
    """MPEG-TS: packets of one length, each of which begins with the same byte."""
    head = os.pread(file.fileno(), 1000, 0)
    for length in _TS_PACKETS:
        first = length - 188 if length == 192 else 0
        if all(at < len(head) and head[at] == 0x47 for at in range(first, first + 4 * length, length)):
            return size % length != 0
    return False


_CHECKS: dict[str, Callable[[BinaryIO, int], bool]] = {
    "asf": _is_shorter_than_asf_states,
    "avi": _ends_inside_riff,
    "mov": _ends_inside_box,
    "mp3": ends_inside_frame,
    "mpegts": _ends_inside_packet,
    "ogg": _has_no_last_page,
    "voc": _ends_inside_block,
}
