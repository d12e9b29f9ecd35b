"""Makes media files."""

import subprocess
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples

TONE = "sine=frequency=440:sample_rate=16000:duration={seconds}"
PICTURE = "testsrc=size=160x120:rate=10:duration={seconds}"


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def samples_of(path: Path) -> Samples:
    """A recording as the services decode it."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(SAMPLE_RATE)]
    made = subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True)
    return np.frombuffer(made.stdout, dtype=np.int16)


def wav(path: Path, samples: Samples) -> Path:
    """A WAV file of 16 kHz.

    Args:
        path: of the file.
        samples: of shape (samples, channels).
    """
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.ascontiguousarray(samples).tobytes())
    return path


def tone(path: Path, seconds: float, *options: str) -> Path:
    """A tone in the container that the name's extension says."""
    ffmpeg("-f", "lavfi", "-i", TONE.format(seconds=seconds), *options, path)
    return path


def silence(path: Path, seconds: float, *options: str) -> Path:
    """Silence of 16 kHz, encoded for ten minutes and repeated, which is quicker."""
    piece = path.with_stem("piece")
    ffmpeg("-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=600", *options, piece)
    # Options of the file itself, such as whether it states its length.
    own = [each for pair in pairwise(options) if pair[0] in ("-write_xing", "-live") for each in pair]
    ffmpeg("-stream_loop", "-1", "-i", piece, "-t", str(seconds), "-c", "copy", *own, path)
    return path


def film(path: Path, seconds: float, *, sound_seconds: float) -> Path:
    """A film whose sound may end before its picture."""
    ffmpeg(
        "-f", "lavfi", "-i", PICTURE.format(seconds=seconds),
        "-f", "lavfi", "-i", TONE.format(seconds=sound_seconds), path,
    )  # fmt: skip
    return path


def tracks(path: Path, count: int, seconds: float = 4, *options: str) -> Path:
    """A file with several sound tracks, each with a tone of its own."""
    inputs = [
        each
        for number in range(1, count + 1)
        for each in ("-f", "lavfi", "-i", f"sine=frequency={400 * number}:duration={seconds}")
    ]
    maps = [each for number in range(count) for each in ("-map", str(number))]
    ffmpeg(*inputs, *maps, *options, path)
    return path


def cut_off(path: Path, share: float) -> Path:
    """The same file without its end, and without an extension."""
    whole = path.read_bytes()
    cut = path.with_name(f"{path.name}-cut")
    cut.write_bytes(whole[: int(len(whole) * share)])
    return cut
