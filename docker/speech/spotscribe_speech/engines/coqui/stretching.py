"""Makes speech faster or slower without changing its pitch."""

import numpy as np

from spotscribe_speech.engines.engine import Samples

# Seconds from one frame to the next; a frame is two of them long. The search spans the longest
# period of a voice, 12.5 ms at 80 Hz.
_STEP = 0.02
_REACH = 0.01


def stretched(samples: Samples, speed: float, sample_rate: int) -> Samples:
    """The speech at another speed, by waveform similarity overlap-add (Verhelst and Roelands, 1993).

    Frames of the speech are laid over each other closer together or further apart. Each is taken where it
    continues the one before it best, so that the waves of a voice stay whole.

    Args:
        samples: of one voice.
        speed: the result has `len(samples) / speed` samples.
        sample_rate: samples per second.
    """
    if speed == 1 or not len(samples):
        return samples
    step, reach = round(_STEP * sample_rate), round(_REACH * sample_rate)
    frame = 2 * step
    length = max(1, round(len(samples) / speed))
    count = -(-length // step) + 1
    window = np.hanning(frame + 1)[:frame].astype(np.float32)
    # The first frame begins a step before the speech, so that this does not begin with a fade.
    source = np.pad(samples, (step + reach, frame + step + 2 * reach + round((step + 1) * speed)))
    result = np.zeros((count + 1) * step, np.float32)
    place = reach
    for number in range(count):
        if number > 0:
            nearest = round(number * step * speed)
            place = nearest + _likeness(
                source[nearest : nearest + frame + 2 * reach], source[place + step : place + step + frame]
            )
        result[number * step : number * step + frame] += window * source[place : place + frame]
    return result[step : step + length]


def _likeness(around: Samples, sought: Samples) -> int:
    """Where in `around` the wave is most like the one that is sought."""
    products = np.correlate(around, sought, "valid")
    energies = np.cumsum(np.concatenate([[0.0], np.square(around, dtype=np.float64)]))
    energy = energies[len(sought) :] - energies[: -len(sought)]
    return int(np.argmax(products / np.sqrt(energy + 1e-9)))
