"""How ffmpeg is called, and what bounds it has."""

import math

from spotscribe_audio.audio.bounded_process import Bounds
from spotscribe_audio.audio.media import IGNORING_EDITS, INPUT_GUARD, Media
from spotscribe_audio.audio.pcm import BYTES_PER_SECOND, SAMPLE_RATE
from spotscribe_audio.audio.tracks import Track

# Decoded past the cap, so that what is longer shows.
OVERRUN_SECONDS = 1.0
# ffmpeg starts its filters anew where a file changes its channels or its rate. Further from the beginning of
# the audio than this, they are not at its beginning.
_NEAR_SECONDS = 1.0
# More than any sensible recording has: ffmpeg itself mixes these, as far as it can.
MOST_CHANNELS = 64
# Containers without time stamps of their own. Those that ffmpeg makes up go wrong where the rate changes.
_TIMELESS = frozenset(
    {
        "aac", "ac3", "aiff", "amr", "ape", "au", "caf", "dts", "eac3", "mp3", "mpc8", "tta", "voc", "w64",
        "wav",
    }
)  # fmt: skip
# Their time stamps count samples, at the rate with which the file begins.
_COUNTING = frozenset({"flac", "wv"})
# Time stamps that go back further, in seconds, are those of another recording, joined to the first.
_BACK_SECONDS = 0.5
# Gaps shorter than this number of frames come from another rate than that of the file's beginning.
_RATE_FRAMES = 2.5


def is_mixed(track: Track) -> bool:
    """Whether the channels come out one by one, and are mixed here."""
    return track.channels <= MOST_CHANNELS


def decode_command(name: str, max_seconds: float, media: Media, track: Track) -> list[str]:
    """Decodes one track to samples of 16 kHz on the standard output."""
    filters, count = _channels(track)
    return [
        "ffmpeg", "-nostdin", "-hide_banner", "-v", "warning", "-threads", "1", *INPUT_GUARD,
        *(IGNORING_EDITS if track.has_useless_edits else ()),
        "-i", name, "-map", f"0:a:{track.number - 1}", "-vn", "-sn", "-dn",
        "-t", f"{max_seconds + OVERRUN_SECONDS:.3f}",
        # Gaps in the time stamps become silence: the words' times are those of the file.
        "-af", ",".join([_times(media, track), "aresample=async=1:first_pts=0", *filters]), *count,
        "-ar", str(SAMPLE_RATE), "-f", "s16le", "-flush_packets", "0", "pipe:1",
    ]  # fmt: skip


def measure_command(name: str, track: Track) -> list[str]:
    """Reads one track's packets without decoding, and tells the last one's time on the standard output."""
    return [
        "ffmpeg", "-nostdin", "-hide_banner", "-v", "error", *INPUT_GUARD,
        "-i", name, "-map", f"0:a:{track.number - 1}", "-c", "copy",
        "-progress", "pipe:1", "-stats_period", "5", "-f", "null", "-",
    ]  # fmt: skip


def _times(media: Media, track: Track) -> str:
    """The filter that makes time stamps go on where those of the file do not."""
    if media.is_any(_TIMELESS):
        return "asetpts=N/SR/TB"
    near = _RATE_FRAMES if media.is_any(_COUNTING) else 0
    at_start = track.start_seconds + _NEAR_SECONDS if track.start_seconds else -1
    # 0: what is added; 1: where the next frame should begin; 2: the frame's own time; 3: how far off that is.
    # Filters that start later begin with no silence: what came before has been put out.
    begin = f"st(0\\,if(gt(T\\,{at_start:.3f})\\,-PTS\\,0))"
    go_on = (
        "st(2\\,if(isnan(PTS)\\,ld(1)-ld(0)\\,PTS))\\;st(3\\,(ld(2)+ld(0)-ld(1))*TB)\\;"
        f"if(lt(ld(3)\\,-{_BACK_SECONDS})+lt(abs(ld(3))\\,{near}*NB_SAMPLES/SR)\\,st(0\\,ld(1)-ld(2)))"
    )
    first = "if(isnan(PTS)\\,0\\,PTS)"
    return (
        f"asetpts=if(N\\,{go_on}\\,{begin}\\;st(2\\,{first}))\\;"
        "st(1\\,ld(2)+ld(0)+NB_SAMPLES/SR/TB)\\;ld(2)+ld(0)"
    )


def _channels(track: Track) -> tuple[list[str], list[str]]:
    """Filters and options that keep the channels, and their number where the file changes it later on."""
    if not is_mixed(track):
        return [], ["-ac", "1"]
    if track.channels == 1:
        # The second channel is silent, and so without weight, until the file goes on in stereo.
        return ["aformat=channel_layouts=mono|stereo", "pan=2c|c0=c0|c1=c1"], []
    if track.layout is None:
        return [], ["-ac", str(track.channels)]
    # `-ac 4` is ffmpeg's default layout of four channels, and every other layout is mixed to it.
    return [f"aformat=channel_layouts={track.layout}"], []


def decode_bounds(max_seconds: float) -> Bounds:
    """Limits for a decoder of up to so many seconds."""
    return Bounds(
        memory_bytes=2 << 30,
        file_bytes=math.ceil((max_seconds + OVERRUN_SECONDS) * BYTES_PER_SECOND) + (1 << 20),
        # The slowest of what is sensible (many channels at a high rate) decodes at some 50 times real time.
        cpu_seconds=math.ceil(60 + max_seconds / 20),
        wall_seconds=120 + max_seconds / 10,
    )
