"""Voices that are told apart by their bands of noise, and an engine that hears when each of them speaks."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_audio.speech.windows import FRAME_SECONDS, energies_of
from spotscribe_testing.models.scripted_engine import ScriptedEngine
from spotscribe_whisper.engines.engine import Heard, HeardSegment, HeardWord, Hearing

Audio = NDArray[np.float64]
# In Hz: what each voice consists of.
BANDS = {"ann": (300, 700), "ben": (900, 1400), "cem": (1800, 2500)}
LEVEL = 3000.0
# 57 dB below full scale, of a band.
_AUDIBLE = 45.0
WORD_SECONDS = 0.6
# A voice is narrower than what is heard as it: a word that begins and ends spreads its band.
_INSET_HZ = 60
_RAMP = SAMPLE_RATE // 20


def voice(name: str, starts: Sequence[float], seconds: float, level: float = LEVEL) -> Audio:
    """A recording of one voice, which says a word at each of these seconds. No word is like another."""
    random = np.random.default_rng([*name.encode()])
    length = round(seconds * SAMPLE_RATE)
    word = np.ones(round(WORD_SECONDS * SAMPLE_RATE))
    word[:_RAMP] = np.sin(np.linspace(0, np.pi / 2, _RAMP)) ** 2
    word[-_RAMP:] = word[:_RAMP][::-1]
    spoken = np.zeros(length)
    for start in starts:
        first = round(start * SAMPLE_RATE)
        spoken[first : first + len(word)] = word
    noise = _band(random.normal(size=length), name, _INSET_HZ)
    made: Audio = level * noise / np.sqrt(np.mean(noise**2)) * spoken
    return made


def as_samples(*channels: Audio) -> Samples:
    """Channels as interleaved samples."""
    return np.clip(np.rint(np.stack(channels, axis=1)), -32767, 32767).astype(np.int16)


class BandedEngine(ScriptedEngine):
    """Hears each word of :func:`voice` as the voice's name, unless another voice is much louder."""

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:
        super().hear(samples, how, cancelled)
        energies = {
            name: energies_of(np.rint(_band(samples.astype(float), name)).astype(np.int16)) for name in BANDS
        }
        least = np.maximum(_AUDIBLE, np.max([*energies.values()], axis=0) / 4)
        found: list[HeardSegment] = []
        for name, own in energies.items():
            loud = np.concatenate([[False], own > least, [False]])
            steps = np.diff(loud.astype(int))
            for first, last in zip(np.flatnonzero(steps > 0), np.flatnonzero(steps < 0), strict=True):
                start, end = float(first) * FRAME_SECONDS, float(last) * FRAME_SECONDS
                if end - start > WORD_SECONDS / 2:
                    found.append(HeardSegment(start, end, name, [HeardWord(name, start, end, 0.9)]))
        return Heard(sorted(found, key=lambda each: each.start), [*self.losses])


def _band(samples: Audio, name: str, inset: float = 0.0) -> Audio:
    low, high = BANDS[name][0] + inset, BANDS[name][1] - inset
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    filtered: Audio = np.fft.irfft(np.where((hertz > low) & (hertz < high), spectrum, 0), len(samples))
    return filtered
