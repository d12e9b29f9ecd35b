"""Audio of any length, made from the sample's speech."""

import subprocess
import wave
from pathlib import Path

import numpy as np

from spotscribe_audio.audio.pcm import BYTES_PER_SAMPLE, SAMPLE_RATE, Samples
from spotscribe_testing.media import ffmpeg
from spotscribe_testing.places import SAMPLE

# Pauses in seconds: from a breath to a long silence.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 20.0
# Noise of a quiet room, about 70 dB below full scale.
_NOISE = 10
_PIECE_SECONDS = 600.0


def repeated_speech(path: Path, seconds: float) -> None:
    """Writes the repeated sample."""
    ffmpeg("-stream_loop", "-1", "-i", SAMPLE, "-t", str(seconds), "-c:a", "flac", path)


def write_clips(folder: Path, speech: Samples, seconds: float) -> list[str]:
    """Cuts samples into files of this length, and returns their names. A shorter rest is left out."""
    length = round(seconds * SAMPLE_RATE)
    clips = {f"clip-{at // length}.wav": speech[at : at + length] for at in range(0, len(speech), length)}
    whole = {name: samples for name, samples in clips.items() if len(samples) == length}
    for name, samples in whole.items():
        write_wav(folder / name, samples)
    return list(whole)


def long_speech(path: Path, seconds: float) -> None:
    """Writes hours of speech and pauses in Opus: ten minutes, repeated without encoding again."""
    piece = path.with_stem(f"{path.stem}-piece")
    samples = with_pauses(decoded(SAMPLE), _PIECE_SECONDS, np.random.default_rng(1))
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1"]
    subprocess.run([*command, "-i", "pipe:0", "-c:a", "libopus", piece], input=samples.tobytes(), check=True)
    ffmpeg("-stream_loop", "-1", "-i", piece, "-t", str(seconds), "-c", "copy", path)


def with_pauses(speech: Samples, seconds: float, random: np.random.Generator) -> Samples:
    """Repeats the speech with pauses of different lengths to an exact length.

    Args:
        speech: 16 kHz mono samples.
        seconds: length of the result.
        random: draws the pauses and their noise.
    """
    wanted = round(seconds * SAMPLE_RATE)
    parts: list[Samples] = []
    while sum(map(len, parts)) < wanted:
        pause = round(random.uniform(_SHORTEST_PAUSE, _LONGEST_PAUSE) * SAMPLE_RATE)
        parts += [speech, random.integers(-_NOISE, _NOISE, pause, dtype=np.int16)]
    return np.concatenate(parts)[:wanted]


def decoded(path: Path) -> Samples:
    """Decodes a file to 16 kHz mono samples."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "1"]
    raw = subprocess.run([*command, "-ar", str(SAMPLE_RATE), "pipe:1"], capture_output=True, check=True)
    return np.frombuffer(raw.stdout, dtype=np.int16)


def different_windows(count: int, seconds: float) -> list[Samples]:
    """Windows of the repeated sample, no two alike."""
    size = round(seconds * SAMPLE_RATE)
    # One second more than a window, so that each starts at a different position of the sample.
    speech = np.resize(decoded(SAMPLE), count * (size + SAMPLE_RATE))
    return [speech[start : start + size] for start in range(0, len(speech), size + SAMPLE_RATE)]


def write_wav(path: Path, samples: Samples) -> None:
    """Writes 16 kHz mono samples as WAV."""
    with wave.open(str(path), "wb") as written:
        written.setparams((1, BYTES_PER_SAMPLE, SAMPLE_RATE, 0, "NONE", ""))
        written.writeframes(samples.tobytes())
