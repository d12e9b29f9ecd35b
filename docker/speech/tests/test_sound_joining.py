"""Sentences that follow each other without a click."""

import numpy as np
import pytest

from spotscribe_common.errors import InternalError
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.joining import as_pcm, as_samples, joined

RATE = 24_000


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def speech(seconds: float, phase: float = 0.0) -> Samples:
    """A vowel of 150 Hz with its harmonics; at its ends it is anywhere but at zero."""
    at = np.arange(round(seconds * RATE)) / RATE
    waves = [np.sin(2 * np.pi * 150 * n * at + phase * n) / n for n in range(1, 8)]
    return (0.2 * np.sum(waves, axis=0)).astype(np.float32)


def hiss(seconds: float, level: float) -> Samples:
    return np.random.default_rng(5).normal(0, level, round(seconds * RATE)).astype(np.float32)


def largest_step(samples: Samples) -> float:
    return float(np.abs(np.diff(samples, prepend=0, append=0)).max())


@pytest.mark.parametrize("pause", [0.0, 0.001, 0.3])
@pytest.mark.parametrize("phase", [0.0, 0.7, 1.6, 2.9])
@pytest.mark.parametrize("offset", [0.0, 0.05, -0.2])
def test_no_join_is_a_larger_step_than_the_speech_itself(pause: float, phase: float, offset: float) -> None:
    first = speech(0.4, phase) + np.float32(offset)
    second = speech(0.3, phase + 1) + np.float32(offset)
    # The offset rounds them a little.
    inside = max(float(np.abs(np.diff(each)).max()) for each in (first, second)) * 1.0001
    # Without joining, the offset or the phases make a click.
    assert largest_step(np.concatenate([first, silence(pause), second])) > inside
    assert largest_step(np.concatenate([joined(first, pause, RATE), joined(second, pause, RATE)])) <= inside


def test_silence_at_both_ends_goes_and_the_pause_comes() -> None:
    spoken = np.concatenate([silence(0.8), speech(0.5), silence(0.9)])
    found = joined(spoken, 0.25, RATE)
    assert found.size == pytest.approx((0.5 + 0.02 + 0.04 + 0.25) * RATE, abs=0.006 * RATE)
    assert not found[-round(0.25 * RATE) :].any()


def test_noise_of_the_engine_counts_as_silence_and_a_soft_consonant_does_not() -> None:
    soft = hiss(0.12, 0.004)
    spoken = np.concatenate([hiss(0.5, 0.0002), soft, speech(0.5), soft, hiss(0.5, 0.0002)])
    found = joined(spoken, 0, RATE)
    assert found.size == pytest.approx((0.12 + 0.5 + 0.12 + 0.06) * RATE, abs=0.011 * RATE)


def test_silence_inside_a_sentence_stays() -> None:
    found = joined(np.concatenate([speech(0.3), silence(1), speech(0.3)]), 0, RATE)
    assert found.size == pytest.approx(1.6 * RATE, abs=0.006 * RATE)


@pytest.mark.parametrize("spoken", [silence(0), silence(0.5), silence(0.5) + np.float32(0.3), hiss(1, 1e-5)])
def test_what_holds_no_speech_is_a_pause_alone(spoken: Samples) -> None:
    found = joined(spoken, 0.5, RATE)
    assert (found.size, found.any()) == (RATE // 2, False)


@pytest.mark.parametrize("length", [1, 2, 3, 50, 239, 241])
def test_less_than_two_fades_has_zeros_at_its_ends(length: int) -> None:
    tick = np.ones(length, dtype=np.float32)
    tick[::2] = -1
    found = joined(tick, 0, RATE)
    assert found.size in {0, length}
    assert largest_step(found) <= 2
    assert found[:1].sum() == found[-1:].sum() == 0


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_refused(wrong: float) -> None:
    spoken = speech(0.1)
    spoken[77] = wrong
    with pytest.raises(InternalError, match="no finite numbers"):
        joined(spoken, 0, RATE)


def test_sixteen_bits_keep_samples_and_cut_what_is_too_loud() -> None:
    assert as_pcm(np.array([0, 1, -1, 1.7, -9, 0.5], dtype=np.float32)).tolist() == [
        0, 32767, -32767, 32767, -32767, 16384,
    ]  # fmt: skip
    every = np.arange(-32767, 32768, dtype=np.int16)
    assert np.array_equal(as_pcm(as_samples(every)), every)
