"""Long audio is cut at its silences into sections that all hold enough of each voice."""

from itertools import pairwise

import numpy as np
import pytest

from spotscribe_audio.speech.windows import FRAME_SECONDS
from spotscribe_whisper.speakers.sections import sections

LONGEST = 60.0


@pytest.mark.parametrize("duration", [60.02, 61.0, 75.0, 90.0, 119.0, 121.0, 179.5, 600.0, 3601.0])
def test_sections_cover_the_audio_and_none_is_short_or_too_long(duration: float) -> None:
    energies = np.random.default_rng(0).uniform(1, 2, round(duration / FRAME_SECONDS)).astype(np.float32)
    found = sections(energies, duration, LONGEST)
    assert found[0].start == 0
    assert found[-1].end == duration
    assert all(one.end == other.start for one, other in pairwise(found))
    assert all(LONGEST / 3 - 0.02 <= window.end - window.start <= LONGEST for window in found)


def test_cuts_lie_in_pauses() -> None:
    energies = np.full(round(100 / FRAME_SECONDS), 1000.0, dtype=np.float32)
    energies[round(47 / FRAME_SECONDS) : round(48 / FRAME_SECONDS)] = 1
    assert [window.end for window in sections(energies, 100.0, LONGEST)] == [
        pytest.approx(47.5, abs=0.5),
        100,
    ]


def test_short_audio_is_one_section() -> None:
    found = sections(np.ones(100, dtype=np.float32), 2.0, LONGEST)
    assert [(window.start, window.end) for window in found] == [(0, 2)]
