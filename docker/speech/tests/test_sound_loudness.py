"""Loudness of -16 LUFS without pumping, and peaks below -1 dBTP."""

from collections.abc import Iterator

import numpy as np
import pytest

from spotscribe_common.errors import CancelledWorkError
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.joining import as_pcm, as_samples
from spotscribe_speech.sound.limiter import CEILING, limited
from spotscribe_speech.sound.loudness import leveling_gain
from spotscribe_testing.sounds import RATE, babble, loudness, tone


def blocks(samples: Samples, size: int = RATE) -> Iterator[Samples]:
    for start in range(0, samples.size, size):
        yield samples[start : start + size]


def leveled(samples: Samples) -> Samples:
    gain = leveling_gain(lambda: blocks(samples), RATE, lambda: False)
    return as_samples(as_pcm(np.concatenate([*limited(blocks(samples), gain, RATE)])))


@pytest.mark.parametrize("seconds", [0.5, 1.0, 20.0])
@pytest.mark.parametrize("level", [0.003, 0.02, 0.1, 0.4])
def test_quiet_and_loud_speech_has_the_target_loudness(level: float, seconds: float) -> None:
    found = leveled(babble(seconds, level))
    integrated, peak = loudness(found)
    assert integrated == pytest.approx(-16, abs=0.5)
    assert peak <= -1
    assert found.size == round(seconds * RATE)


def test_speech_with_long_silence_and_a_shout_has_it_too() -> None:
    quiet = babble(20, 0.01)
    quiet[5 * RATE : 12 * RATE] = 0
    quiet[15 * RATE : 16 * RATE] *= 4
    integrated, peak = loudness(leveled(quiet))
    assert integrated == pytest.approx(-16, abs=0.5)
    assert peak <= -1


@pytest.mark.parametrize("spoken", [babble(0.3, 0.02), np.zeros(RATE, dtype=np.float32), babble(2, 0.00005)])
def test_what_has_no_loudness_keeps_its_gain(spoken: Samples) -> None:
    assert np.array_equal(leveled(spoken), as_samples(as_pcm(spoken)))


def test_the_volume_is_one_factor_except_around_peaks() -> None:
    spoken = babble(20, 0.02)
    # A click every second, far above the ceiling after the gain.
    spoken[RATE // 2 :: RATE] = 0.9
    gain = leveling_gain(lambda: blocks(spoken), RATE, lambda: False)
    found = np.concatenate([*limited(blocks(spoken), gain, RATE)])
    factors = np.ones(spoken.size)
    heard = np.abs(spoken) > 0.001
    factors[heard] = found[heard] / (gain * spoken[heard])
    far = np.ones(spoken.size, dtype=bool)
    for peak in np.flatnonzero(np.abs(gain * spoken) > 0.7 * CEILING):
        far[max(peak - 300, 0) : peak + 301] = False
    assert far.mean() > 0.5
    assert np.allclose(factors[far], 1, atol=1e-4)
    assert factors.min() < 0.5


@pytest.mark.parametrize("size", [1, 7, 100, 1000, RATE, 100 * RATE])
def test_blocks_of_any_size_give_the_same_samples(size: int) -> None:
    spoken = babble(0.1 if size < 100 else 10, 0.5)
    whole = np.concatenate([*limited([spoken], 1.5, RATE)])
    assert whole.size == spoken.size
    assert np.array_equal(np.concatenate([*limited(blocks(spoken, size), 1.5, RATE)]), whole)


@pytest.mark.parametrize("count", [0, 1, 50, 300, 5000])
def test_any_number_of_samples_comes_out(count: int) -> None:
    assert sum(block.size for block in limited([tone(1)[:count]], 3, RATE)) == count


@pytest.mark.parametrize("hertz", [997, 5_990, 7_993, 10_600])
def test_peaks_between_samples_are_limited(hertz: float) -> None:
    """At these frequencies no sample, or hardly one, lies where the wave is highest."""
    # Faded: a meter overshoots where a tone begins at once.
    rise = np.minimum(1, np.arange(2 * RATE) / 200)
    spoken = tone(2, hertz, 1.0) * rise * rise[::-1]
    found = np.concatenate([*limited([spoken.astype(np.float32)], 1.2, RATE)])
    assert -1.7 <= loudness(found)[1] <= -1


def test_it_stops_when_it_is_told_to() -> None:
    asked = []

    def is_stopped() -> bool:
        asked.append(True)
        return len(asked) > 3

    with pytest.raises(CancelledWorkError):
        leveling_gain(lambda: blocks(babble(60)), RATE, is_stopped)
    assert len(asked) == 4
