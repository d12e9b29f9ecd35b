"""What is said in a made-up conversation, and what is known about it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from spotscribe_common.contract import SpeakerTurn, Word

# A pause that ends a turn in the truth: the convention of NIST's Rich Transcription evaluations.
TRUTH_PAUSE_SECONDS = 0.3


@dataclass(frozen=True)
class Utterance:
    """A sentence, or what a listener says while somebody else has the floor; `overlapped` if both speak."""

    speaker: str
    words: list[Word]
    kind: Literal["floor", "backchannel"] = "floor"
    overlapped: bool = False

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


@dataclass(frozen=True)
class Conversation:
    """Attributes:
    truth: who really speaks when; turns of different speakers overlap where both speak.
    raw: a diarizer's turns: exclusive, ascending.
    words: what a recogniser hears of it, with times.
    minor: those of the truth's speakers who speak up once or a few times, with something to say.
    """

    seed: int
    truth: list[SpeakerTurn]
    raw: list[SpeakerTurn]
    words: list[Word]
    minor: frozenset[str]


def truth_turns(utterances: Iterable[Utterance]) -> list[SpeakerTurn]:
    """Each speaker's utterances, joined over short pauses; ascending by start.

    Args:
        utterances: ascending by start.
    """
    by_speaker: defaultdict[str, list[SpeakerTurn]] = defaultdict(list)
    for said in utterances:
        own = by_speaker[said.speaker]
        if own and said.start - own[-1].end < TRUTH_PAUSE_SECONDS:
            own[-1] = own[-1].model_copy(update={"end": max(own[-1].end, said.end)})
        else:
            own.append(SpeakerTurn(start=said.start, end=said.end, speaker=said.speaker))
    return sorted((turn for own in by_speaker.values() for turn in own), key=lambda turn: turn.start)
