"""The benchmark's conversations, and how it counts errors about speakers.

Run with `-m production` where requirements.production.txt is installed.
"""

import numpy as np
import pytest

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_bench.accuracy.recordings import Recording
from spotscribe_bench.accuracy.speaker_scoring import cp_word_errors, diarization_errors
from spotscribe_bench.accuracy.talks import joined_talks, spoken, talk
from spotscribe_common.contract import Segment, SpeakerTurn

pytestmark = pytest.mark.production


def tone(seconds: float) -> Samples:
    return np.full(round(seconds * SAMPLE_RATE), 8000, dtype=np.int16)


def recording(name: str, speaker: str, seconds: float = 6.0) -> Recording:
    return Recording(name, "group", f"group/{speaker}", tone(seconds), f"words of {speaker}")


def turn(start: float, end: float, speaker: str) -> SpeakerTurn:
    return SpeakerTurn(start=start, end=end, speaker=speaker)


def said(text: str, speaker: str) -> Segment:
    return Segment(id=0, start=0, end=1, text=text, words=[], speaker=speaker)


def test_speech_ends_at_pauses_of_more_than_a_third_of_a_second() -> None:
    quiet = np.zeros(SAMPLE_RATE, dtype=np.int16)
    parts = [quiet, tone(2), quiet[: SAMPLE_RATE // 5], tone(1), quiet, tone(1)]
    assert spoken(np.concatenate(parts)) == [
        (pytest.approx(1.0), pytest.approx(4.2)),
        (pytest.approx(5.2), pytest.approx(6.2)),
    ]


def test_turns_are_where_the_recordings_are() -> None:
    parts = [recording("1", "ann", 2), recording("2", "bob", 3), recording("3", "ann", 2)]
    made = talk("name", parts, np.random.default_rng(1))
    assert [each.speaker for each in made.turns] == ["group/ann", "group/bob", "group/ann"]
    assert [each.end - each.start for each in made.turns] == pytest.approx([2, 3, 2])
    for each in made.turns:
        middle = round((each.start + each.end) / 2 * SAMPLE_RATE)
        assert made.samples[middle] > 6000
    assert made.texts == {"group/ann": "words of ann words of ann", "group/bob": "words of bob"}


def test_only_recordings_with_a_known_speaker_are_joined() -> None:
    known = [recording(f"{name}{number}", name) for name in ("ann", "bob") for number in range(3)]
    unknown = [Recording("talk", "group", "group/talk", tone(60), "two people")]
    (made,) = joined_talks([*known, *unknown])
    assert {each.speaker for each in made.turns} == {"group/ann", "group/bob"}


def test_time_of_the_wrong_speaker_is_an_error_and_names_do_not_matter() -> None:
    truth = [turn(0, 6, "ann"), turn(6, 10, "bob")]
    found = diarization_errors(truth, [turn(0, 5, "x"), turn(5, 9, "y"), turn(9, 10, "z")]).figures()
    assert found["error"] == pytest.approx(0.2)
    assert found["speakers"] == 1
    # A boundary that is 0.2 s off is within the collar.
    near = diarization_errors(truth, [turn(0, 6.2, "x"), turn(6.2, 10, "y")]).figures()
    assert near["error"] == pytest.approx(0.02)
    assert near["error_within"] == pytest.approx(0)


def test_words_of_the_wrong_speaker_are_errors() -> None:
    def word_errors(segments: list[Segment]) -> int:
        found = cp_word_errors({"ann": "one two three", "bob": "four five"}, segments)
        assert found.words == 5
        return found.wrong_words

    right = [said("four five", "x"), said("one two three", "y")]
    assert word_errors(right) == 0
    mixed = [said("four", "x"), said("one two three five", "y")]
    assert word_errors(mixed) == 2
    third = [*right, said("noise", "z")]
    assert word_errors(third) == 1
