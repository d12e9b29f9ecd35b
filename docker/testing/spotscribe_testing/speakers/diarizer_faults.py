"""What a diarizer does wrong: a model of it, for conversations whose truth is known.

Faults of a diarizer, and what each is assumed to be like:

- Boundaries lie 80 ms off (standard deviation), up to 0.3 s.
- Of backchannels that somebody talks over it hears two in five, of others nearly all.
- *Ghosts* are speakers who do not exist: none to six in a conversation, 2.7 on average, as in the recordings
  of an earlier system. Most are interjections of listeners, often several close to each other, from whoever
  is listening. Others are stretches of one speaker (sometimes of any) whose voice sounded different: of 1.2 s
  in the median, up to 10 s, a third of them beginning with a sentence and a fourth ending with one. Some are
  both. One in eight is large, and can pass 1 % of the time.
- *Flickers*, about one a minute: turns of 0.15 s in the median and up to 0.6 s, inside somebody's speech or
  where the speaker changes, with the label of anybody.
- *Confusions*: stretches of 0.6 to 3 s with another real speaker's label, one in six minutes. No cleanup
  mends them.
- One in twenty of those who speak up only once is taken for somebody else.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from random import Random

from spotscribe_common.contract import SpeakerTurn
from spotscribe_testing.speakers.spoken import Utterance, truth_turns

_GHOSTS = (0, 0, 1, 1, 2, 3, 4, 5, 5, 6)
_LARGE = 1 / 8
_HEARD_OVERLAPPED, _HEARD = 0.4, 0.95
_SHORTEST = 0.02


def diarized(random: Random, utterances: Sequence[Utterance]) -> list[SpeakerTurn]:
    """A diarizer's exclusive turns: ascending, labelled SPEAKER_00, SPEAKER_01, …

    Args:
        random: where chance comes from.
        utterances: what is said, ascending by start.
    """
    floor = [said for said in utterances if said.kind == "floor"]
    speakers = sorted({said.speaker for said in utterances})
    main = [name for name in speakers if name.startswith("main")]
    alias = {name: name for name in speakers}
    alias |= {name: random.choice(main) for name in speakers if name not in main and random.random() < 0.05}
    tape = _Tape([(turn.start, turn.end, alias[turn.speaker]) for turn in truth_turns(floor)])
    minutes = utterances[-1].end / 60

    heard = [
        said
        for said in utterances
        if said.kind == "backchannel" and random.random() < (_HEARD_OVERLAPPED if said.overlapped else _HEARD)
    ]
    for said in heard:
        tape.paint(said.start, said.end, alias[said.speaker])
    for _ in range(_poisson(random, minutes / 6)):
        said = random.choice(floor)
        start = random.uniform(said.start, said.end)
        tape.paint(start, start + random.uniform(0.6, 3.0), random.choice(main))
    ghosts = [f"ghost-{number}" for number in range(random.choice(_GHOSTS))]
    for ghost in ghosts:
        kind = random.random()
        if kind < 0.7:
            _interject(random, tape, heard, ghost)
        if kind > 0.55:
            _split(random, tape, [said for said in floor if said.speaker in main], ghost)
    for _ in range(_poisson(random, minutes * random.uniform(0.4, 1.6))):
        length = min(max(random.lognormvariate(math.log(0.15), 0.6), 0.03), 0.6)
        said = random.choice(floor)
        start = random.choice((said.start - length, said.end, random.uniform(said.start, said.end)))
        tape.paint(max(start, 0), max(start, 0) + length, random.choice(main * 3 + ghosts))
    return _labelled(random, tape.jittered(random))


def _interject(random: Random, tape: "_Tape", heard: list[Utterance], ghost: str) -> None:
    """Takes some backchannels from their speakers; mostly those around one place."""
    count = 1 + int(random.expovariate(1 / (25 if random.random() < _LARGE else 3)))
    if random.random() < 0.6 and heard:
        centre = random.choice(heard).start
        chosen = sorted(heard, key=lambda said: abs(said.start - centre))[:count]
    else:
        chosen = random.sample(heard, min(count, len(heard)))
    for said in chosen:
        heard.remove(said)
        tape.paint(said.start, said.end, ghost)


def _split(random: Random, tape: "_Tape", floor: list[Utterance], ghost: str) -> None:
    """Takes stretches of speech from their speaker."""
    victim = random.choice(floor).speaker if random.random() < 0.8 else None
    own = [said for said in floor if victim in {None, said.speaker}]
    for _ in range(1 + int(random.expovariate(1 / (12 if random.random() < _LARGE else 2)))):
        said = random.choice(own)
        words = said.words
        first = 0 if random.random() < 0.35 else random.randrange(len(words))
        start = words[first].start
        wanted = start + min(max(random.lognormvariate(math.log(1.2), 0.8), 0.2), 10.0)
        within = [word.end for word in words[first:] if word.end <= wanted] or [words[first].end]
        end = words[-1].end if random.random() < 0.25 and wanted > words[-1].end - 1.5 else within[-1]
        if wanted > words[-1].end and random.random() < 0.75:
            # On into what the same speaker says next.
            end = wanted
        tape.repaint(start, end, said.speaker, ghost)


class _Tape:
    """Labels along a recording, one at a time."""

    def __init__(self, turns: Sequence[tuple[float, float, str]]) -> None:
        self._turns: list[tuple[float, float, str]] = []
        for turn in turns:
            self.paint(*turn)

    def paint(self, start: float, end: float, label: str) -> None:
        """Puts `label` over whatever was there."""
        first, last = self._touched(start, end)
        pieces = [(start, end, label)]
        for old_start, old_end, old in self._turns[first:last]:
            pieces += [(old_start, min(old_end, start), old), (max(old_start, end), old_end, old)]
        self._turns[first:last] = sorted(piece for piece in pieces if piece[1] - piece[0] >= _SHORTEST)

    def repaint(self, start: float, end: float, old: str, new: str) -> None:
        """Puts `new` where `old` was."""
        first, last = self._touched(start, end)
        for old_start, old_end, label in self._turns[first:last]:
            if label == old:
                self.paint(max(start, old_start), min(end, old_end), new)

    def jittered(self, random: Random) -> list[tuple[float, float, str]]:
        """With each boundary a little off; neighbours that touch share theirs."""
        turns = self._turns
        moved: list[tuple[float, float, str]] = []
        start = self._off(random, turns[0][0])
        for number, (_, end, label) in enumerate(turns):
            after = turns[number + 1][0] if number + 1 < len(turns) else math.inf
            new_end = self._off(random, end)
            next_start = (
                new_end if after - end < _SHORTEST else self._off(random, after) if after < math.inf else 0.0
            )
            earliest = max(start, moved[-1][1] if moved else 0.0)
            new_end = max(new_end, earliest + _SHORTEST)
            moved.append((earliest, new_end, label))
            start = max(next_start, new_end)
        return moved

    @staticmethod
    def _off(random: Random, at: float) -> float:
        return max(at + min(max(random.gauss(0, 0.08), -0.3), 0.3), 0.0)

    def _touched(self, start: float, end: float) -> tuple[int, int]:
        first = bisect_left(self._turns, start, key=lambda turn: turn[1])
        return first, max(first, bisect_left(self._turns, end, key=lambda turn: turn[0]))


def _labelled(random: Random, turns: Sequence[tuple[float, float, str]]) -> list[SpeakerTurn]:
    """With names that tell nothing, in an order that tells nothing; neighbours of one label are one turn."""
    names = sorted({label for _, _, label in turns})
    random.shuffle(names)
    numbers = {name: f"SPEAKER_{number:02}" for number, name in enumerate(names)}
    labelled: list[SpeakerTurn] = []
    for start, end, label in turns:
        if labelled and labelled[-1].speaker == numbers[label] and start - labelled[-1].end < _SHORTEST:
            labelled[-1] = labelled[-1].model_copy(update={"end": round(end, 3)})
        else:
            labelled.append(SpeakerTurn(start=round(start, 3), end=round(end, 3), speaker=numbers[label]))
    return labelled


def _poisson(random: Random, mean: float) -> int:
    """How many of something that comes about `mean` times."""
    count, at = 0, random.expovariate(1)
    while at < mean:
        count += 1
        at += random.expovariate(1)
    return count
