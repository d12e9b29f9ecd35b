"""Sounds without words: music, hum, noise, telephones and clicks. The same seed gives the same sound."""

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_bench.accuracy.spoiling import Wave, pink, to_samples

_FULL_SCALE = 32768.0
_BEATS_PER_MINUTE = 100
# Semitones above C3 of C, A minor, F and G.
_CHORDS = ((0, 4, 7, 12), (-3, 0, 4, 9), (-7, -3, 0, 5), (-5, -1, 2, 7))
_C3 = 130.81
_HARMONICS = 6


def music(seconds: float, random: np.random.Generator, *, rhythm: bool = True) -> Samples:
    """Chords that change every two beats, each note with its harmonics, and optionally a drum.

    Args:
        seconds: length.
        random: draws the order of the chords and the noise of the drum.
        rhythm: whether a drum plays on every beat.
    """
    beat = round(60 / _BEATS_PER_MINUTE * SAMPLE_RATE)
    wave = np.zeros(round(seconds * SAMPLE_RATE))
    for number, at in enumerate(range(0, len(wave), beat)):
        if number % 2 == 0:
            _add(wave, at, _chord(_CHORDS[int(random.integers(len(_CHORDS)))], 2 * beat))
        if rhythm:
            _add(wave, at, 0.5 * random.standard_normal(beat) * _decay(beat, 0.05))
    return _at_level(wave, -20)


def hum(seconds: float) -> Samples:
    """The hum of a power supply: 50 Hz with harmonics."""
    at = _times(seconds)
    return _at_level(sum((np.sin(2 * np.pi * 50 * n * at) / n for n in range(1, 8)), np.zeros(len(at))), -35)


def ringing(seconds: float) -> Samples:
    """A telephone that rings: 440 and 480 Hz, 2 s of every 6 s (North America)."""
    at = _times(seconds)
    tone = np.sin(2 * np.pi * 440 * at) + np.sin(2 * np.pi * 480 * at)
    return _at_level(tone * (at % 6 < 2), -20)


def engaged(seconds: float) -> Samples:
    """An engaged telephone: 480 and 620 Hz, every other half second (North America)."""
    at = _times(seconds)
    tone = np.sin(2 * np.pi * 480 * at) + np.sin(2 * np.pi * 620 * at)
    return _at_level(tone * (at % 1 < 0.5), -20)


def clicks(seconds: float, random: np.random.Generator) -> Samples:
    """Clicks of a few milliseconds, two in a second on average, over the noise of a quiet room."""
    length = round(seconds * SAMPLE_RATE)
    wave = pink(length, random)
    wave *= 10 ** (-70 / 20) / np.sqrt((wave**2).mean())
    for at in random.integers(0, length, round(2 * seconds)):
        size = round(random.uniform(0.001, 0.008) * SAMPLE_RATE)
        _add(wave, int(at), random.uniform(0.1, 0.8) * random.standard_normal(size) * _decay(size, 0.002))
    return to_samples(wave * _FULL_SCALE)


def white_noise(seconds: float, level: float, random: np.random.Generator) -> Samples:
    """White noise of a level in dB of full scale."""
    return _at_level(random.standard_normal(round(seconds * SAMPLE_RATE)), level)


def pink_noise(seconds: float, level: float, random: np.random.Generator) -> Samples:
    """Pink noise of a level in dB of full scale; at -70 that of a quiet room."""
    return _at_level(pink(round(seconds * SAMPLE_RATE), random), level)


def silence(seconds: float) -> Samples:
    """Zeros."""
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def _chord(semitones: tuple[int, ...], length: int) -> Wave:
    at = np.arange(length) / SAMPLE_RATE
    wave = np.zeros(length)
    for semitone in semitones:
        pitch = _C3 * 2 ** (semitone / 12)
        for harmonic in range(1, _HARMONICS + 1):
            wave += np.sin(2 * np.pi * pitch * harmonic * at) / harmonic**1.5
    attack = np.minimum(at / 0.01, 1)
    return wave * attack * _decay(length, 0.8)


def _decay(length: int, seconds: float) -> Wave:
    decay: Wave = np.exp(-np.arange(length) / SAMPLE_RATE / seconds)
    return decay


def _add(wave: Wave, at: int, part: Wave) -> None:
    end = min(at + len(part), len(wave))
    wave[at:end] += part[: end - at]


def _times(seconds: float) -> Wave:
    times: Wave = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return times


def _at_level(wave: Wave, level: float) -> Samples:
    return to_samples(wave / np.sqrt((wave**2).mean()) * 10 ** (level / 20) * _FULL_SCALE)
