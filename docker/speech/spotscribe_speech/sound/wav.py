"""The header of a WAV file with 16-bit samples of one channel."""

import struct

from spotscribe_speech.sound.joining import PCM_BYTES

HEADER_BYTES = 44
# The largest size that a field holds. Players take it for "until the end".
_UNKNOWN = 0xFFFF_FFFF


def wav_header(sample_rate: int, frames: int | None = None) -> bytes:
    """The header, of 44 bytes.

    Args:
        sample_rate: samples per second.
        frames: how many samples follow; None if nobody knows yet. A file of more than 4 GiB does not say it
            either.
    """
    size = _UNKNOWN if frames is None else frames * PCM_BYTES
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        min(size + HEADER_BYTES - 8, _UNKNOWN),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        sample_rate,
        sample_rate * PCM_BYTES,
        PCM_BYTES,
        8 * PCM_BYTES,
        b"data",
        min(size, _UNKNOWN),
    )
