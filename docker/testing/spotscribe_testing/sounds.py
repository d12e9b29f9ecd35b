"""Sound for tests, and what ffmpeg makes of encoded sound."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from spotscribe_speech.engines.engine import Samples

RATE = 24_000


def tone(seconds: float, hertz: float = 220, level: float = 0.3, rate: int = RATE) -> Samples:
    at = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def babble(seconds: float, level: float = 0.1, seed: int = 1) -> Samples:
    """Bursts of noise with a speech's crest factor: syllables of 150 ms, some of them twice as loud."""
    random = np.random.default_rng(seed)
    size = round(seconds * RATE)
    syllables = random.uniform(0.1, 2.0, size // round(0.15 * RATE) + 1)
    levels = np.repeat(syllables, round(0.15 * RATE))[:size]
    envelope = levels * np.sin(np.pi * np.arange(size) / (0.15 * RATE))
    found: Samples = (level * envelope * random.laplace(0, 0.7, size)).astype(np.float32)
    return found


def decoded(file: Path | bytes, *options: str, rate: int = RATE) -> Samples:
    """The samples in a file, or in the beginning of one."""
    name = "pipe:0" if isinstance(file, bytes) else str(file)
    ended = subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            *options,
            "-i",
            name,
            "-f",
            "f32le",
            "-ac",
            "1",
            "-ar",
            str(rate),
            "pipe:1",
        ],
        input=file if isinstance(file, bytes) else b"",
        capture_output=True,
        check=True,
    )
    return np.frombuffer(ended.stdout, dtype="<f4")


def probed(file: Path, *what: str) -> dict[str, Any]:
    command = ["ffprobe", "-v", "error", "-of", "json", *what, str(file)]
    found: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


def loudness(samples: Samples, rate: int = RATE) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP, by ffmpeg's meter."""
    given = ["-f", "f32le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0"]
    command = ["ffmpeg", "-nostats", *given, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    said = subprocess.run(command, input=samples.astype("<f4").tobytes(), capture_output=True, check=True)
    text = said.stderr.decode()
    [integrated] = re.findall(r"I: +(-?[\d.]+|-?inf) LUFS", text)
    [peak] = re.findall(r"Peak: +(-?[\d.]+|-?inf) dBFS", text)
    return float(integrated), float(peak)
