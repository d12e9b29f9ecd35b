"""Whether an MP3 file ends inside a frame. Recorders that write no length leave no other trace of a crash.

The header of a frame is that of ISO/IEC 11172-3 and 13818-3.
"""

import os
from typing import BinaryIO

# Five of the longest frames.
_TAIL = 1 << 13
# As many frames in a row are no chance.
_ROW = 3
# kbit/s by index: layer 3 of MPEG-1 and of MPEG-2, layer 2 of MPEG-1.
_LAYER_3 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_LOWER = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_LAYER_2 = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0)
_RATES = (44_100, 48_000, 32_000, 0)


def ends_inside_frame(file: BinaryIO, size: int) -> bool:
    """Whether the last frame of a file of MPEG audio is cut off."""
    tail = os.pread(file.fileno(), _TAIL, max(size - _TAIL, 0))
    if tail[-128:].startswith(b"TAG"):
        # A text behind the last frame is written at the end.
        return False
    for start in range(len(tail)):
        at, frames = start, 0
        while length := _frame_bytes(tail[at : at + 4]):
            at, frames = at + length, frames + 1
        if frames >= _ROW:
            # Of a header, the beginning may be all that is left.
            return at > len(tail) or (0 < len(tail) - at < 4 and tail[at] == 0xFF)
    return False


def _frame_bytes(head: bytes) -> int:
    """Length of the frame with this header; 0 if it is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate = _RATES[head[2] >> 2 & 3]
    # Version 3 is MPEG-1, 2 and 0 are MPEG-2 and 2.5; layer 2 is the second, 1 the third.
    if version == 1 or layer not in (1, 2) or not rate:
        return 0
    kilobits = (_LOWER if version < 3 else _LAYER_3 if layer == 1 else _LAYER_2)[head[2] >> 4]
    rate >>= {3: 0, 2: 1, 0: 2}[version]
    slots = 72 if version < 3 and layer == 1 else 144
    return slots * kilobits * 1000 // rate + (head[2] >> 1 & 1) if kilobits else 0
