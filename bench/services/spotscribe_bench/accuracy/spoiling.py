"""Makes recordings worse as telephones, rooms and codecs do. The same input gives the same output."""

import subprocess
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples

SNR_DB = 10.0
QUIETER_DB = 40.0
FASTER = 1.5
_FRAME = SAMPLE_RATE // 50
# Frames that are this much quieter than the loudest do not count as speech for the ratio of speech to noise.
_PAUSE_DB = 30.0
_RAW = ("-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", "1")
# ffmpeg's filters have 12 dB per octave. A telephone's are steeper.
_TELEPHONE = ",".join(["highpass=f=300"] * 3 + ["lowpass=f=3400"] * 3)

Wave = NDArray[np.float64]


def telephone(samples: Samples) -> Samples:
    """The band of a telephone, 300 to 3400 Hz, at 8 kHz in mu-law (G.711)."""
    encoded = _ffmpeg(samples, "-af", _TELEPHONE, "-ar", "8000", "-c:a", "pcm_mulaw", "-f", "wav")
    return _decoded(encoded)


def opus(samples: Samples) -> Samples:
    """Opus with 8 kbit/s, as in a bad call."""
    # The flag keeps the random serial number of the stream out of the file.
    options = ("-c:a", "libopus", "-b:a", "8k", "-fflags", "+bitexact", "-f", "ogg")
    return _decoded(_ffmpeg(samples, *options))


def quiet(samples: Samples) -> Samples:
    """40 dB quieter, rounded to 16 bits again."""
    return to_samples(samples.astype(np.float64) * 10 ** (-QUIETER_DB / 20))


def fast(samples: Samples) -> Samples:
    """1.5 times as fast, with the same pitch."""
    return np.frombuffer(_ffmpeg(samples, "-af", f"atempo={FASTER}", *_RAW), dtype=np.int16)


def noise(samples: Samples, babble: Sequence[Samples], random: np.random.Generator) -> Samples:
    """Adds noise 10 dB below the speech: half of its power is pink noise, half is babble.

    Args:
        samples: the recording.
        babble: other recordings, each repeated to the length of this one, with equal power.
        random: draws the pink noise, and where each recording of the babble begins.
    """
    length = len(samples)
    voices = np.zeros(length)
    for other in babble:
        voices += _unit(np.resize(np.roll(other, int(random.integers(len(other)))), length))
    mixed = _unit(pink(length, random)) + _unit(voices)
    level = np.sqrt(speech_power(samples) / 10 ** (SNR_DB / 10))
    return to_samples(samples + _unit(mixed) * level)


def pink(length: int, random: np.random.Generator) -> Wave:
    """Noise whose power falls by 3 dB per octave, from 20 Hz on."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    frequencies = np.fft.rfftfreq(length, 1 / SAMPLE_RATE)
    spectrum *= np.where(frequencies < 20, 0, 1 / np.sqrt(np.maximum(frequencies, 20)))
    wave: Wave = np.fft.irfft(spectrum, length)
    return wave


def speech_power(samples: Samples) -> float:
    """Mean square of the frames of 20 ms that are at most 30 dB quieter than the loudest."""
    whole = samples[: max(len(samples) // _FRAME, 1) * _FRAME].astype(np.float64)
    power = (np.resize(whole, (max(len(whole) // _FRAME, 1), _FRAME)) ** 2).mean(axis=1)
    return float(power[power >= power.max() / 10 ** (_PAUSE_DB / 10)].mean())


def to_samples(wave: Wave) -> Samples:
    """Rounds to 16 bits, and clips what is too loud."""
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


def _unit(wave: Wave | Samples) -> Wave:
    scaled = wave.astype(np.float64)
    power = np.sqrt((scaled**2).mean())
    return scaled / power if power > 0 else scaled


def _ffmpeg(samples: Samples, *options: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", *_RAW, "-i", "pipe:0", *options, "pipe:1"]
    return subprocess.run(command, input=samples.tobytes(), capture_output=True, check=True).stdout


def _decoded(encoded: bytes) -> Samples:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", "pipe:0", *_RAW, "pipe:1"]
    raw = subprocess.run(command, input=encoded, capture_output=True, check=True).stdout
    return np.frombuffer(raw, dtype=np.int16)
