"""Neighbouring turns of one speaker taken together, and who holds the floor around them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from spotscribe_common.contract import SpeakerTurn

# How far apart turns may be to be joined: about a diarizer's precision. Joining over real pauses counts them
# as speech: at 0.3 s, the convention for references, it cost 0.1 percentage points of diarization error.
JOIN_SECONDS = 0.1
# Of two neighbours one counts as the nearer if it is so by more than this.
_NEARER_SECONDS = 0.1


@dataclass(frozen=True)
class Stretch:
    """Consecutive turns of one speaker with next to no pause between them; `turns` are their indices."""

    turns: range
    start: float
    end: float
    speaker: str

    @property
    def seconds(self) -> float:
        """From the first turn's start to the last one's end."""
        return self.end - self.start


def stretches(turns: Sequence[SpeakerTurn], speakers: Sequence[str]) -> list[Stretch]:
    """Joins neighbours of the same speaker.

    Args:
        turns: ascending, not overlapping.
        speakers: who each turn belongs to now.
    """
    found: list[Stretch] = []
    for number, (turn, speaker) in enumerate(zip(turns, speakers, strict=True)):
        last = found[-1] if found else None
        if last and last.speaker == speaker and turn.start - last.end <= JOIN_SECONDS:
            found[-1] = Stretch(range(last.turns.start, number + 1), last.start, turn.end, speaker)
        else:
            found.append(Stretch(range(number, number + 1), turn.start, turn.end, speaker))
    return found


def floor_holder(
    around: Sequence[Stretch], index: int, among: Collection[str], least_seconds: float
) -> str | None:
    """Who holds the floor around `around[index]`.

    That is who speaks before and after it. Where they differ it is the nearer one, because a diarizer that
    errs inside somebody's speech leaves no pause; of two that are equally near, the one who speaks longer.

    Args:
        around: all stretches, ascending.
        index: which one to look around.
        among: who can hold a floor.
        least_seconds: no shorter stretch holds a floor.

    Returns:
        The speaker, or None if nobody can hold the floor.
    """
    here = around[index]

    def nearest(indices: range) -> Stretch | None:
        candidates = (around[i] for i in indices)
        return next((s for s in candidates if s.speaker in among and s.seconds >= least_seconds), None)

    before, after = nearest(range(index - 1, -1, -1)), nearest(range(index + 1, len(around)))
    if before is None or after is None:
        found = before or after
        return found.speaker if found else None
    away = (here.start - before.end) - (after.start - here.end)
    if abs(away) > _NEARER_SECONDS:
        return before.speaker if away < 0 else after.speaker
    return before.speaker if before.seconds >= after.seconds else after.speaker
