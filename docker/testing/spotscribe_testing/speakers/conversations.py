"""Makes conversations whose truth is known: who speaks when, what a diarizer makes of it, what is heard.

What the figures are drawn from:

- Speakers, false speakers, turns: four recordings of an earlier system, of 16 to 274 minutes, in which 1, 2,
  2 and 5 people were heard as 1, 3, 7 and 10 speakers; one of 71 minutes had 777 segments, 11 a minute.
- Backchannels: the CANDOR corpus of video calls counts about 1000 an hour of speech; interviews are calmer.
- Pauses between speakers: a median of 0.1 to 0.2 s, and many overlaps.
- Errors: on VoxConverse pyannote's pipeline errs for 7 to 11 % of the speech time.

What no source gives is assumed, rather unkindly: of the diarizer in `diarizer_faults`, of the recogniser that
it drops most backchannels that somebody talks over and one word in a hundred, leaves out or weakens one full
stop in fifteen, puts its times 50 ms off, and in one conversation of twenty writes no punctuation at all.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from spotscribe_common.contract import Word
from spotscribe_testing.speakers.diarizer_faults import diarized
from spotscribe_testing.speakers.small_talk import TONGUES, Tongue
from spotscribe_testing.speakers.spoken import Conversation, Utterance, truth_turns

# How many people talk at length, and how many others speak up once or a few times.
_MAIN = (2, 2, 2, 2, 2, 2, 3, 3, 4, 5)
_MINOR = (0, 0, 0, 0, 1, 1, 1, 1, 2, 2)
_MOST_SPEAKERS = 6
# An hour would tell no more, and the metric takes four times as long for twice the turns.
_MINUTES = (7.0, 25.0)
# Fewest and most sentences, fewest and most words in each: a remark, a question, an announcement.
_MINOR_SPEECHES = ((1, 1, 3, 8), (1, 3, 4, 15), (2, 6, 5, 18))
_HEARD_IN_A_PAUSE, _HEARD_OVERLAPPED = 0.8, 0.35


def conversation(seed: int) -> Conversation:
    """A conversation of 7 to 25 minutes among two to six people; the same one for the same seed."""
    random = Random(seed)
    tongue = random.choice(TONGUES)
    main = [f"main-{number}" for number in range(random.choice(_MAIN))]
    minor = [f"minor-{n}" for n in range(min(random.choice(_MINOR), _MOST_SPEAKERS - len(main)))]
    seconds = 60 * math.exp(random.uniform(*map(math.log, _MINUTES)))
    utterances = sorted(_Talk(random, tongue, main, minor, seconds).held(), key=lambda said: said.start)
    return Conversation(
        seed=seed,
        truth=truth_turns(utterances),
        raw=diarized(random, utterances),
        words=sorted(_heard(random, utterances), key=lambda word: word.start),
        minor=frozenset(minor),
    )


@dataclass
class _Talk:
    """The course of a conversation: somebody holds the floor, others listen, then the floor changes."""

    random: Random
    tongue: Tongue
    main: list[str]
    minor: list[str]
    seconds: float
    clock: float = 0.5
    utterances: list[Utterance] = field(default_factory=list)

    def held(self) -> list[Utterance]:
        random = self.random
        # Who speaks often, who at length (a guest: eight sentences on end; a host: two), who listens aloud.
        weights = [math.exp(random.gauss(0, 0.8)) for _ in self.main]
        lengths = {speaker: random.uniform(0.7, 7.0) for speaker in self.main}
        listening = random.uniform(0.05, 0.55)
        due = sorted((at, name) for name in self.minor for at in self._appearances())
        last = ""
        while self.clock < self.seconds:
            if due and due[0][0] <= self.clock:
                last = due.pop(0)[1]
                self._speak_up(last)
                continue
            last = random.choices(
                self.main, [w * (name != last) for w, name in zip(weights, self.main, strict=True)]
            )[0]
            for _ in range(1 + int(random.expovariate(1 / lengths[last]))):
                self._sentence(last, self._length())
                if random.random() < listening:
                    self._backchannel(random.choice([name for name in self.main if name != last]))
            self.clock += min(max(random.gauss(0.15, 0.3), -0.6), 1.5)
        return self.utterances

    def _appearances(self) -> list[float]:
        """When somebody speaks up: mostly once, an announcer right at the start."""
        if self.random.random() < 0.2:
            return [0.0]
        return [
            self.random.uniform(0, 0.97 * self.seconds) for _ in range(self.random.choice((1, 1, 1, 2, 3)))
        ]

    def _speak_up(self, name: str) -> None:
        fewest, most, short, long = self.random.choice(_MINOR_SPEECHES)
        for _ in range(self.random.randint(fewest, most)):
            self._sentence(name, self.random.randint(short, long))
        if self.random.random() < 0.3:
            # The answer begins, and who asked says "okay".
            self._sentence(self.random.choice(self.main), self._length())
            self._backchannel(name)
        self.clock += max(self.random.gauss(0.2, 0.3), -0.3)

    def _length(self) -> int:
        """Words in a sentence: one in seven is a short answer."""
        if self.random.random() < 0.15:
            return self.random.randint(1, 3)
        return min(max(round(self.random.lognormvariate(math.log(11), 0.5)), 3), 40)

    def _sentence(self, speaker: str, length: int) -> None:
        words = self.tongue.sentence(self.random, length)
        words[-1] = words[-1].strip(",") + ("?" if self.random.random() < 0.12 else ".")
        self.utterances.append(Utterance(speaker, self._timed(words, self.clock)))
        self.clock = self.utterances[-1].end + min(self.random.expovariate(1 / 0.35), 2.5)

    def _backchannel(self, listener: str) -> None:
        """In the pause after a sentence, which it prolongs, or over the speech around it; some in a row."""
        said = [self.random.choice(self.tongue.backchannels)]
        while self.random.random() < 0.15:
            said.append(self.random.choice(self.tongue.backchannels))
        if self.random.random() < 0.1:
            said = [self.random.choice(self.tongue.assessments)]
        words = [word for phrase in said for word in f"{phrase[0].upper()}{phrase[1:]}.".split()]
        overlapped = self.random.random() < 0.55
        start = self.clock + self.random.uniform(-1.2, 0.6) if overlapped else self.clock
        spoken = Utterance(listener, self._timed(words, max(start, 0.0)), "backchannel", overlapped)
        self.utterances.append(spoken)
        if not overlapped:
            self.clock = spoken.end + max(self.random.gauss(0.2, 0.2), 0.02)

    def _timed(self, words: Sequence[str], start: float) -> list[Word]:
        """About 170 words a minute while somebody speaks: 60 ms a letter, faster and slower."""
        timed = []
        pace = min(max(self.random.gauss(0.055, 0.01), 0.035), 0.09)
        for word in words:
            end = start + 0.08 + pace * len(word)
            timed.append(Word(word=word, start=round(start, 3), end=round(end, 3)))
            start = end + self.random.choice((0.0, 0.0, 0.02, 0.05, 0.12))
            if self.random.random() < 0.04:
                # She hesitates.
                start += self.random.uniform(0.1, 0.9)
        return timed


def _heard(random: Random, utterances: Sequence[Utterance]) -> Iterator[Word]:
    """What a recogniser writes down."""
    punctuates = random.random() >= 0.05
    for said in utterances:
        if said.kind == "backchannel" and random.random() >= (
            _HEARD_OVERLAPPED if said.overlapped else _HEARD_IN_A_PAUSE
        ):
            continue
        for number, word in enumerate(said.words, start=1):
            if random.random() < 0.01:
                continue
            text = word.word if punctuates else word.word.strip(".,?")
            if number == len(said.words) and random.random() < 1 / 15:
                text = text.strip(".?") + random.choice(("", ","))
            start = max(word.start + random.gauss(0, 0.05), 0.0)
            end = max(word.end + random.gauss(0, 0.05), start + 0.02)
            yield Word(
                word=text, start=round(start, 3), end=round(end, 3), score=round(random.uniform(0.3, 1), 3)
            )
