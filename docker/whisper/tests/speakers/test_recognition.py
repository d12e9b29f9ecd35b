"""Speakers are known by the voices of reference recordings."""

from tempfile import TemporaryFile

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.contract import Segment, SpeakerTurn, TranscriptionOptions, Word
from spotscribe_testing.models.scripted_diarizer import DISTANCES
from spotscribe_whisper.options import Options
from spotscribe_whisper.speakers.diarizer import Diarized
from spotscribe_whisper.speakers.linking import Voice, mean_voice
from spotscribe_whisper.speakers.recognition import recognised
from spotscribe_whisper.speakers.result import spoken

DIMENSION = 256
KNOWN_VOICE = 0.65


@pytest.mark.parametrize("seed", range(10))
def test_everybody_who_is_known_and_present_is_named_and_nobody_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = {name: rng.normal(size=DIMENSION) for name in "abcdefghij"}
    # As far apart as the same voice in two recordings is: 0.3 to 0.5.
    heard = [person + 0.6 * rng.normal(size=DIMENSION) for person in people.values()]
    order = rng.permutation(10)
    voices = {
        f"SPEAKER_{label}": heard[person] * rng.uniform(0.1, 9) for label, person in enumerate(order[:7])
    }
    known = {
        name: people[name] + 0.6 * rng.normal(size=DIMENSION) for name in rng.permutation(list(people))[:6]
    }
    expected = {
        f"SPEAKER_{label}": "abcdefghij"[person]
        for label, person in enumerate(order[:7])
        if "abcdefghij"[person] in known
    }
    assert recognised(voices, known, KNOWN_VOICE) == expected


@pytest.mark.parametrize(("distance", "named"), [(KNOWN_VOICE - 0.01, True), (KNOWN_VOICE + 0.01, False)])
def test_the_threshold_parts_known_from_unknown(distance: float, *, named: bool) -> None:
    one, other = np.eye(2)
    cosine = 1 - distance
    voice = 7 * (cosine * one + np.sqrt(1 - cosine**2) * other)
    assert bool(recognised({"x": voice}, {"Ann": one}, KNOWN_VOICE)) is named


def test_two_speakers_like_one_recording_share_no_name() -> None:
    one, other = np.eye(2)
    voices = {"near": one + 0.3 * other, "nearest": one + 0.1 * other}
    assert recognised(voices, {"Ann": one}, KNOWN_VOICE) == {"nearest": "Ann"}
    assert recognised({"x": one}, {"near": one + 0.3 * other, "nearest": one}, KNOWN_VOICE) == {
        "x": "nearest"
    }


@pytest.mark.parametrize("unknown", [np.zeros(2), np.full(2, np.nan)])
def test_a_voice_that_could_not_be_measured_is_nobodys(unknown: np.ndarray) -> None:
    one = np.eye(2)[0]
    assert recognised({"x": unknown}, {"Ann": one}, farthest=2) == {}
    assert recognised({"x": one}, {"Ann": unknown}, farthest=2) == {}


def test_a_voice_over_sections_is_that_of_most_of_the_speech() -> None:
    one, other = np.eye(2)
    found = mean_voice([Voice(0, 0.01 * one, 90), Voice(1, 50 * other, 10), Voice(2, np.full(2, np.nan), 30)])
    assert found / np.linalg.norm(found) == pytest.approx(np.array([9, 1]) / np.sqrt(82))


def test_a_ghost_does_not_take_the_name_of_whom_it_is_folded_into() -> None:
    """Its voice is the nearer one; a short turn is cleaned away before names are given."""
    raw = [
        SpeakerTurn(start=0, end=10, speaker="SPEAKER_00"),
        SpeakerTurn(start=10, end=10.3, speaker="SPEAKER_01"),
        SpeakerTurn(start=10.3, end=20, speaker="SPEAKER_00"),
    ]
    one, other = np.eye(2)
    voices = {"SPEAKER_00": one + 0.3 * other, "SPEAKER_01": one}
    words = [Word(word=f"w{at}", start=at + 0.1, end=at + 0.9) for at in range(20) if at != 10]
    said = Segment(id=0, start=0.1, end=19.9, text=" ".join(word.word for word in words), words=words)
    with TemporaryFile() as recording:
        options = Options(
            TranscriptionOptions(diarize=True), speaker_names=["Ann"], speaker_recordings=[Pcm(recording)]
        )
        found = spoken(
            Diarized("engine", "model", DISTANCES, raw, voices), {"Ann": one}, [said], "en", options
        )
    assert found.diarization.speakers == ["Ann"]
    assert [turn.speaker for turn in found.diarization.raw_turns] == ["Ann", "A", "Ann"]
