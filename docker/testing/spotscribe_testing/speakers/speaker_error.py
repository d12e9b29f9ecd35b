"""How wrong an answer to "who spoke when" is: the diarization error rate, in one sweep over the turns.

The measure is that of NIST's Rich Transcription evaluations, as pyannote.metrics has it (no collar, overlaps
count), whose time grows with the square of the number of turns. The tests hold the two against each other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spotscribe_common.contract import SpeakerTurn


@dataclass(frozen=True)
class SpeakerError:
    """Two answers compared, in seconds.

    Attributes:
        total: what the true speakers say, each counted by herself.
        wrong: what was missed, invented or taken for somebody else, under the best mapping of labels to
            speakers.
        together: for how long each label and each true speaker speak at once.
    """

    total: float
    wrong: float
    together: Mapping[tuple[str, str], float]


def speaker_error(truth: Sequence[SpeakerTurn], found: Sequence[SpeakerTurn]) -> SpeakerError:
    """Compares turns, which may overlap and come in any order; labels need not be the speakers' names."""
    total = most = 0.0
    together: defaultdict[tuple[str, str], float] = defaultdict(float)
    for seconds, speaking, labels in _moments(truth, found):
        total += seconds * len(speaking)
        most += seconds * max(len(speaking), len(labels))
        for label in labels:
            for name in speaking:
                together[label, name] += seconds
    return SpeakerError(total, most - _best_match(together), together)


def _moments(
    truth: Sequence[SpeakerTurn], found: Sequence[SpeakerTurn]
) -> Iterator[tuple[float, list[str], list[str]]]:
    """The stretches between any two boundaries: seconds, who speaks, which labels are there."""
    changes = sorted(
        (at, side, speaker, step)
        for side, turns in enumerate((truth, found))
        for turn in turns
        for at, speaker, step in ((turn.start, turn.speaker, 1), (turn.end, turn.speaker, -1))
    )
    active: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    last = 0.0
    for at, side, speaker, step in changes:
        if at > last and (active[0] or active[1]):
            yield at - last, list(active[0]), list(active[1])
        last = at
        active[side][speaker] += step
        if not active[side][speaker]:
            del active[side][speaker]


def _best_match(together: Mapping[tuple[str, str], float]) -> float:
    """The most seconds that a one-to-one mapping of labels to speakers agrees on.

    Over sets of speakers, label by label: 64 sets at six speakers.
    """
    names = sorted({name for _, name in together})
    best = {0: 0.0}
    for label in {label for label, _ in together}:
        grown = dict(best)
        for taken, seconds in best.items():
            for number, name in enumerate(names):
                if not taken >> number & 1:
                    more = taken | 1 << number
                    grown[more] = max(grown.get(more, 0.0), seconds + together.get((label, name), 0.0))
        best = grown
    return max(best.values())
