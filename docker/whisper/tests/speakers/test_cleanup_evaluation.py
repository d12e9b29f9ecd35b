"""What the cleanup is worth, on 200 conversations whose truth is known and that no constant was chosen on.

The judge is pyannote.metrics. `python -m spotscribe_testing.speakers.cleanup_evaluation` prints the same
figures.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from spotscribe_common.contract import SpeakerTurn
from spotscribe_testing.speakers.cleanup_evaluation import (
    CLEANUPS,
    HELD_OUT_SEEDS,
    TUNING_SEEDS,
    Figures,
    all_figures,
    table,
)
from spotscribe_testing.speakers.conversations import conversation
from spotscribe_testing.speakers.spoken import Conversation

pytestmark = pytest.mark.production


@pytest.fixture(scope="module")
def talks() -> list[Conversation]:
    return [conversation(seed) for seed in HELD_OUT_SEEDS]


@pytest.fixture(scope="module")
def figures(talks: list[Conversation]) -> dict[str, Figures]:
    return all_figures(talks)


def test_the_judged_conversations_are_not_those_of_the_tuning() -> None:
    assert len(HELD_OUT_SEEDS) == 200
    assert set(HELD_OUT_SEEDS).isdisjoint(TUNING_SEEDS)


def test_the_number_of_speakers_is_wrong_by_a_fifth_of_what_it_was(figures: dict[str, Figures]) -> None:
    assert figures["as diarized"].count_error > 200
    assert figures["all rules"].count_error <= 0.2 * figures["as diarized"].count_error


def test_the_diarization_error_rate_does_not_rise(
    talks: list[Conversation], figures: dict[str, Figures]
) -> None:
    """By the judge's figures, over all the time and on average; and ours are the same."""
    for name in ("as diarized", "all rules"):
        rates, total = judged(talks, [CLEANUPS[name](talk) for talk in talks])
        assert figures[name].error_rate == pytest.approx(total, abs=1e-9)
        assert figures[name].mean_error_rate == pytest.approx(sum(rates) / len(rates), abs=1e-9)
    before, after = figures["as diarized"], figures["all rules"]
    assert after.error_rate <= before.error_rate
    assert after.mean_error_rate <= before.mean_error_rate


def test_those_who_speak_up_only_once_are_kept(figures: dict[str, Figures]) -> None:
    assert figures["as diarized"].minor_speakers > 100
    assert figures["all rules"].minor_speakers >= 0.95 * figures["as diarized"].minor_speakers


def test_each_rule_does_some_good_and_no_harm_alone(
    figures: dict[str, Figures], capsys: pytest.CaptureFixture[str]
) -> None:
    before = figures["as diarized"]
    for rule in ("short_turns", "interjections", "minor_speakers"):
        alone = figures[f"`{rule}` alone"]
        assert alone.count_error < before.count_error
        assert alone.error_rate <= before.error_rate
        assert alone.minor_speakers >= 0.95 * before.minor_speakers
    with capsys.disabled():
        print(f"\n{table(figures)}")


def judged(
    talks: Sequence[Conversation], found: Sequence[Sequence[SpeakerTurn]]
) -> tuple[list[float], float]:
    """The diarization error rates of the conversations, and of all their time together."""
    from pyannote.core import Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    rates = [
        float(
            metric(
                annotation(talk.truth),
                annotation(turns),
                uem=Timeline([Segment(0, max(turn.end for turn in [*talk.truth, *turns]))]),
            )
        )
        for talk, turns in zip(talks, found, strict=True)
    ]
    return rates, float(abs(metric))


def annotation(turns: Sequence[SpeakerTurn]) -> Any:
    from pyannote.core import Annotation, Segment

    made = Annotation()
    for number, turn in enumerate(turns):
        made[Segment(turn.start, turn.end), number] = turn.speaker
    return made
