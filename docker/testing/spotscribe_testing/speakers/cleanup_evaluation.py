"""Measures the cleanup on conversations whose truth is known, before and after, and with each rule alone.

    PYTHONPATH=docker/common:docker/audio:docker/whisper:docker/testing \\
        python -m spotscribe_testing.speakers.cleanup_evaluation

prints a table in Markdown. The cleanup's constants were chosen on the conversations of `TUNING_SEEDS`. The
tests and the table use those of `HELD_OUT_SEEDS`, of which only the sums were seen: those of this version of
the rules, and of two earlier ones that fell short.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from spotscribe_common.contract import SPEAKER_RULES, SpeakerTurn
from spotscribe_testing.speakers.conversations import conversation
from spotscribe_testing.speakers.speaker_error import speaker_error
from spotscribe_testing.speakers.spoken import Conversation
from spotscribe_whisper.speakers.cleaning.cleanup import clean

TUNING_SEEDS = (*range(200), *range(1000, 1200))
HELD_OUT_SEEDS = range(5000, 5200)
Cleanup = Callable[[Conversation], list[SpeakerTurn]]

CLEANUPS: dict[str, Cleanup] = {
    "as diarized": lambda talk: talk.raw,
    "all rules": lambda talk: clean(talk.raw, talk.words, SPEAKER_RULES).turns,
    "`short_turns` alone": lambda talk: clean(talk.raw, talk.words, ["short_turns"]).turns,
    "`interjections` alone": lambda talk: clean(talk.raw, talk.words, ["interjections"]).turns,
    "`minor_speakers` alone": lambda talk: clean(talk.raw, talk.words, ["minor_speakers"]).turns,
    "no rule: only joined": lambda talk: clean(talk.raw, talk.words, []).turns,
    "all rules, without a transcript": lambda talk: clean(talk.raw, [], SPEAKER_RULES).turns,
}


@dataclass(frozen=True)
class Figures:
    """What is measured over all conversations.

    Attributes:
        count_error: sum of |speakers found - speakers there are|.
        error_rate: diarization error rate over all the time together.
        mean_error_rate: the mean of the conversations' rates.
        minor_speakers: how many of those who speak up only once or a few times have a label of their own.
        turns: how many turns there are.
    """

    count_error: int
    error_rate: float
    mean_error_rate: float
    minor_speakers: int
    turns: int


def measured(conversations: Sequence[Conversation], cleanup: Cleanup) -> Figures:
    """The figures of these conversations after this cleanup."""
    found = [cleanup(talk) for talk in conversations]
    errors = [speaker_error(talk.truth, turns) for talk, turns in zip(conversations, found, strict=True)]
    return Figures(
        count_error=sum(
            abs(len(speakers(turns)) - len(speakers(talk.truth)))
            for talk, turns in zip(conversations, found, strict=True)
        ),
        error_rate=sum(error.wrong for error in errors) / sum(error.total for error in errors),
        mean_error_rate=sum(error.wrong / error.total for error in errors) / len(errors),
        minor_speakers=sum(
            _has_label(name, talk, error.together)
            for talk, error in zip(conversations, errors, strict=True)
            for name in talk.minor
        ),
        turns=sum(map(len, found)),
    )


def speakers(turns: Sequence[SpeakerTurn]) -> set[str]:
    """The different speakers of these turns."""
    return {turn.speaker for turn in turns}


def all_figures(conversations: Sequence[Conversation]) -> dict[str, Figures]:
    """The figures of every cleanup that is compared."""
    return {name: measured(conversations, cleanup) for name, cleanup in CLEANUPS.items()}


def table(figures: Mapping[str, Figures]) -> str:
    """The figures in Markdown."""
    lines = [
        "| cleanup | speaker-count error | error rate | mean error rate | minor speakers | turns |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    lines += [
        f"| {name} | {here.count_error} | {here.error_rate:.2%} | {here.mean_error_rate:.2%} "
        f"| {here.minor_speakers} | {here.turns} |"
        for name, here in figures.items()
    ]
    return "\n".join(lines)


def _has_label(name: str, talk: Conversation, together: Mapping[tuple[str, str], float]) -> bool:
    """Whether some label holds half of what this speaker says, and more of it than of anybody else."""
    spoken = sum(turn.end - turn.start for turn in talk.truth if turn.speaker == name)
    return any(
        seconds >= spoken / 2 and seconds == max(s for (other, _), s in together.items() if other == label)
        for (label, speaker), seconds in together.items()
        if speaker == name
    )


if __name__ == "__main__":
    print(table(all_figures([conversation(seed) for seed in HELD_OUT_SEEDS])))
