"""The same speakers are known again in other sections of a long file."""

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from spotscribe_whisper.speakers.diarizer import SpeakerCount
from spotscribe_whisper.speakers.linking import Voice
from spotscribe_whisper.speakers.linking import link as link_voices

DIMENSION = 64
SAME_VOICE = 0.4
link = partial(link_voices, same=SAME_VOICE)


def directions(speakers: int, rng: np.random.Generator) -> NDArray[np.float64]:
    found: NDArray[np.float64] = rng.normal(size=(speakers, DIMENSION))
    return found


def heard(
    speakers: NDArray[np.float64], present: list[list[int]], rng: np.random.Generator, noise: float = 0.3
) -> tuple[list[Voice], list[int]]:
    """Voices of sections in which these speakers are present, in a random order, and who they truly are."""
    voices, truth = [], []
    for section, names in enumerate(present):
        for name in rng.permutation(names):
            embedding = speakers[name] + noise * rng.normal(size=DIMENSION)
            # The length of an embedding says nothing.
            voices.append(Voice(section, embedding * rng.uniform(0.1, 9), float(rng.uniform(5, 300))))
            truth.append(int(name))
    return voices, truth


def same_partition(found: list[int], truth: list[int]) -> bool:
    return len(set(zip(found, truth, strict=True))) == len(set(found)) == len(set(truth))


@pytest.mark.parametrize("speakers", [1, 2, 5, 12])
def test_speakers_are_known_again_after_sections_without_them(speakers: int) -> None:
    rng = np.random.default_rng(speakers)
    present = [
        sorted(rng.choice(speakers, size=rng.integers(1, speakers + 1), replace=False)) for _ in range(9)
    ]
    present[4] = list(range(speakers))
    voices, truth = heard(directions(speakers, rng), present, rng)
    assert same_partition(link(voices, SpeakerCount()), truth)


def test_speakers_are_numbered_without_gaps() -> None:
    rng = np.random.default_rng(0)
    voices, _ = heard(directions(4, rng), [[0, 1], [2, 3], [1, 2]], rng)
    assert set(link(voices, SpeakerCount())) == {0, 1, 2, 3}


def test_two_voices_of_one_section_stay_two_speakers_however_alike() -> None:
    twin = np.ones(DIMENSION)
    voices = [Voice(0, twin, 60), Voice(0, twin * 1.001, 60), Voice(1, twin, 60)]
    found = link(voices, SpeakerCount())
    assert found[0] != found[1]
    assert found[2] in found[:2]


def test_a_link_by_way_of_a_third_section_does_not_join_two_voices_of_one() -> None:
    """The one in the middle is close to both; it can only be one of them."""
    left, right = np.eye(DIMENSION)[0], np.eye(DIMENSION)[1]
    near = left * 0.95 + right * 0.3
    found = link([Voice(0, left, 60), Voice(0, near, 60), Voice(1, near + 0.1 * left, 60)], SpeakerCount())
    assert found[0] != found[1]


@pytest.mark.parametrize(("distance", "speakers"), [(SAME_VOICE - 0.02, 1), (SAME_VOICE + 0.02, 2)])
def test_the_threshold_parts_same_from_other(distance: float, speakers: int) -> None:
    cosine = 1 - distance
    other = cosine * np.eye(DIMENSION)[0] + np.sqrt(1 - cosine**2) * np.eye(DIMENSION)[1]
    found = link([Voice(0, np.eye(DIMENSION)[0], 60), Voice(1, other, 60)], SpeakerCount())
    assert len(set(found)) == speakers


def test_the_exact_number_holds_whatever_the_distances() -> None:
    rng = np.random.default_rng(3)
    voices, _ = heard(directions(6, rng), [[0, 1], [2, 3], [4, 5], [0, 3]], rng)
    for exact in (2, 3, 4, 6, 7):
        assert len(set(link(voices, SpeakerCount(exact=exact)))) == exact


def test_bounds_hold_for_the_whole_file() -> None:
    rng = np.random.default_rng(4)
    voices, truth = heard(directions(4, rng), [[0, 1], [1, 2], [2, 3]], rng)
    assert len(set(link(voices, SpeakerCount(most=3)))) == 3
    assert len(set(link(voices, SpeakerCount(least=5)))) == 5
    assert same_partition(link(voices, SpeakerCount(least=2, most=6)), truth)


@pytest.mark.parametrize("seed", range(20))
def test_the_greatest_number_holds_where_joining_two_by_two_comes_to_a_stop(seed: int) -> None:
    """Random voices: joining the closest first often leaves three groups no two of which may be joined."""
    rng = np.random.default_rng(seed)
    voices = [Voice(section, rng.normal(size=3), 60) for section in range(5) for _ in range(2)]
    found = link(voices, SpeakerCount(most=2))
    assert set(found) == {0, 1}
    for section in range(5):
        assert found[2 * section] != found[2 * section + 1]


def test_more_voices_in_a_section_than_speakers_allowed_share() -> None:
    rng = np.random.default_rng(5)
    voices, _ = heard(directions(3, rng), [[0, 1, 2], [0, 1]], rng)
    assert set(link(voices, SpeakerCount(exact=2))) == {0, 1}


@pytest.mark.parametrize("unknown", [np.zeros(DIMENSION), np.full(DIMENSION, np.nan)])
def test_a_voice_that_could_not_be_measured_is_nobody_known(unknown: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(6)
    voices, truth = heard(directions(2, rng), [[0, 1], [0, 1]], rng)
    voices.append(Voice(2, unknown, 1.0))
    assert same_partition(link(voices, SpeakerCount()), [*truth, 9])
    assert len(set(link(voices, SpeakerCount(most=2)))) == 2


def test_long_speech_weighs_more_than_a_word() -> None:
    """Two long voices at the edge of being one: a noisy short one between them does not make them so."""
    a, b, c = np.eye(DIMENSION)[:3]
    far = 0.45 * a + np.sqrt(1 - 0.45**2) * b
    short = a + far + 0.3 * c
    found = link([Voice(0, a, 600), Voice(1, far, 600), Voice(2, short, 2)], SpeakerCount())
    assert found[0] != found[1]


def test_no_voices_are_no_speakers() -> None:
    assert link([], SpeakerCount(exact=2)) == []
