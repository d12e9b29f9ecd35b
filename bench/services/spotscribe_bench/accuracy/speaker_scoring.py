"""Counts errors about speakers: whose the time is, how many there are, and whose the words are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any, Self

import numpy as np

from spotscribe_bench.accuracy.scoring import counts, errors, normal
from spotscribe_common.contract import Segment, SpeakerTurn

# Seconds before and after each boundary of the reference that do not count in the forgiving measure.
_COLLAR = 0.25


@dataclass(frozen=True)
class Errors:
    """Sums over conversations.

    Attributes:
        wrong: seconds that were missed, invented or given to somebody else; overlaps count.
        spoken: seconds of the reference's speakers.
        wrong_within: `wrong` without 0.25 s around each boundary of the reference.
        spoken_within: `spoken` without them.
        speakers: by how many speakers the number of speakers is wrong.
        wrong_words: word errors, each speaker's text by itself, under the best mapping of speakers.
        words: of the references that have texts.
        wrong_by_time: `wrong_words` if the time of each word alone decides whose it is.
    """

    wrong: float = 0.0
    spoken: float = 0.0
    wrong_within: float = 0.0
    spoken_within: float = 0.0
    speakers: int = 0
    wrong_words: int = 0
    words: int = 0
    wrong_by_time: int = 0

    def __add__(self, other: Self) -> "Errors":
        return Errors(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))

    def figures(self) -> dict[str, Any]:
        """Shares of the time and the words, and the error of the number of speakers."""
        return {
            "error": self.wrong / self.spoken,
            "error_within": self.wrong_within / self.spoken_within,
            "speakers": self.speakers,
            "word_errors": self.wrong_words / self.words if self.words else None,
            "word_errors_by_time": self.wrong_by_time / self.words if self.words else None,
        }


def diarization_errors(truth: Sequence[SpeakerTurn], found: Sequence[SpeakerTurn]) -> Errors:
    """The errors of turns, by pyannote.metrics."""
    wrong, spoken = _error(truth, found, 0.0)
    within = _error(truth, found, _COLLAR)
    speakers = abs(len({turn.speaker for turn in truth}) - len({turn.speaker for turn in found}))
    return Errors(wrong, spoken, *within, speakers)


def cp_word_errors(texts: Mapping[str, str], segments: Sequence[Segment]) -> Errors:
    """Errors of the concatenated minimum-permutation word error rate (Watanabe et al., CHiME-6, 2020).

    Args:
        texts: what each speaker says.
        segments: with speakers.
    """
    from scipy.optimize import linear_sum_assignment

    heard: dict[str | None, list[str]] = defaultdict(list)
    for segment in segments:
        heard[segment.speaker].append(segment.text)
    references = [normal(text) for text in texts.values()]
    hypotheses = [normal(" ".join(parts)) for parts in heard.values()]
    size = max(len(references), len(hypotheses))
    references += [""] * (size - len(references))
    hypotheses += [""] * (size - len(hypotheses))
    costs = np.array([[_word_errors(one, two) for two in hypotheses] for one in references])
    rows, columns = linear_sum_assignment(costs)
    return Errors(
        wrong_words=int(costs[rows, columns].sum()), words=sum(len(text.split()) for text in references)
    )


def _word_errors(reference: str, hypothesis: str) -> int:
    if not reference or not hypothesis:
        return len(reference.split()) + len(hypothesis.split())
    return int(errors(counts(reference, hypothesis)).sum())


def _error(truth: Sequence[SpeakerTurn], found: Sequence[SpeakerTurn], collar: float) -> tuple[float, float]:
    """Seconds that are wrong, and all of the reference's speakers."""
    from pyannote.core import Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    reference, hypothesis = _annotation(truth), _annotation(found)
    # Both sides of a boundary together.
    metric = DiarizationErrorRate(collar=2 * collar)
    whole = Timeline([(reference.get_timeline() | hypothesis.get_timeline()).extent()])
    parts = metric(reference, hypothesis, uem=whole, detailed=True)
    wrong = sum(parts[name] for name in ("missed detection", "false alarm", "confusion"))
    return float(wrong), float(parts["total"])


def _annotation(turns: Sequence[SpeakerTurn]) -> Any:
    from pyannote.core import Annotation
    from pyannote.core import Segment as Stretch

    made = Annotation()
    for number, turn in enumerate(turns):
        made[Stretch(turn.start, turn.end), number] = turn.speaker
    return made
