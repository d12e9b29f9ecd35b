"""Whisper's input depends on the level: quiet audio is amplified, other audio is as it was."""

import numpy as np
import pytest

from spotscribe_whisper.engines.recognition.decoding import audible


@pytest.mark.parametrize("level", [0.001, 0.04])
def test_quiet_audio_gets_a_common_level(level: float) -> None:
    speech = level * np.sin(np.arange(16_000), dtype=np.float32)
    # A click is no speech.
    speech[100] = 1.0
    loud = audible(speech)
    assert loud.dtype == np.float32
    assert np.quantile(np.abs(loud), 0.999) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize(
    "samples", [np.zeros(0, np.float32), np.zeros(100, np.float32)], ids=["none", "zeros"]
)
def test_silence_stays_silence(samples: np.ndarray) -> None:  # type: ignore[type-arg]
    assert not audible(samples).any()


def test_audio_of_a_common_level_is_as_it_was() -> None:
    speech = 0.1 * np.sin(np.arange(16_000), dtype=np.float32)
    assert audible(speech) is speech
