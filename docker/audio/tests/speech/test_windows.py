"""Windows: cut at silences, the same ones wherever a run begins."""

import tempfile

import numpy as np
import pytest
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_audio.speech.windows import (
    FRAME_SECONDS,
    Window,
    cut_at_silences,
    frame_energies,
    windows_from,
)

FRAMES_PER_SECOND = round(1 / FRAME_SECONDS)


def energies(seconds: float, pauses: list[tuple[float, float]]) -> NDArray[np.float32]:
    """Loud audio with silent pauses, in seconds."""
    values = np.full(round(seconds * FRAMES_PER_SECOND), 1000, dtype=np.float32)
    for start, end in pauses:
        values[round(start * FRAMES_PER_SECOND) : round(end * FRAMES_PER_SECOND)] = 5
    return values


def test_short_audio_is_one_window() -> None:
    assert cut_at_silences(energies(20, [(10, 11)]), 20) == []
    assert windows_from([], 0, 20) == [Window(0, 20)]


def test_cuts_lie_in_the_pauses() -> None:
    cuts = cut_at_silences(energies(50, [(4, 6), (17, 18), (31, 31.5), (44, 45)]), 20)
    assert len(cuts) == 2
    assert 17.1 < cuts[0] < 17.9
    assert 31.1 < cuts[1] < 31.4


def test_a_pause_is_preferred_to_a_single_quiet_frame() -> None:
    values = energies(30, [(12, 12.6)])
    values[round(17 * FRAMES_PER_SECOND)] = 0
    assert 12.1 < cut_at_silences(values, 20)[0] < 12.5


@pytest.mark.parametrize("level", [0, 1000])
def test_audio_without_pauses_and_audio_without_sound_are_cut_all_the_same(level: int) -> None:
    cuts = cut_at_silences(np.full(3600 * FRAMES_PER_SECOND, level, dtype=np.float32), 30)
    edges = [0, *cuts, 3600]
    lengths = np.diff(edges)
    assert lengths.max() <= 30
    assert lengths[:-1].min() >= 15


def test_a_resumed_run_has_the_windows_that_were_left() -> None:
    values = energies(200, [(at, at + 0.6) for at in range(7, 200, 9)])
    cuts = cut_at_silences(values, 20)
    whole = windows_from(cuts, 0, 200)
    for done, window in enumerate(whole, start=1):
        assert windows_from(cuts, window.end, 200) == whole[done:]


def test_windows_cover_the_audio_without_gap_or_overlap() -> None:
    windows = windows_from([10.02, 19.4], 3.5, 25)
    assert windows == [Window(3.5, 10.02), Window(10.02, 19.4), Window(19.4, 25)]


def test_a_run_that_begins_at_the_end_has_nothing_left() -> None:
    assert windows_from([10.0], 25, 25) == []


def pcm_of(samples: NDArray[np.int16]) -> Pcm:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the Pcm
    file.write(samples.tobytes())
    file.flush()
    return Pcm(file)


def test_energies_are_those_of_frames_across_blocks() -> None:
    samples = np.zeros(61 * SAMPLE_RATE + 100, dtype=np.int16)
    samples[60 * SAMPLE_RATE :] = 300
    found = frame_energies(pcm_of(samples))
    assert len(found) == 61 * FRAMES_PER_SECOND + 1
    assert found[: 60 * FRAMES_PER_SECOND].max() == 0
    assert found[60 * FRAMES_PER_SECOND] == pytest.approx(300)


def test_reading_beyond_the_end_gives_what_there_is() -> None:
    pcm = pcm_of(np.arange(100, dtype=np.int16))
    assert pcm.duration == pytest.approx(100 / SAMPLE_RATE)
    assert pcm.read(50 / SAMPLE_RATE, 10).tolist() == list(range(50, 100))
    assert pcm.read(5, 10).tolist() == []
