"""Mends what diarizers do too much of: they make new speakers of interjections, and turns of flickers.

The rules are those of an earlier system, which ran them by hand over its results: merge segments under 0.5
s, give interjections to the speaker who holds the floor, drop speakers under 1 % of the time. In an
interview of 71 minutes they took 777 segments to 688, and 7 speakers to the 2 real ones. They are blunt,
though: a listener's "yeah" is shorter than 0.5 s too, and somebody who asks one question speaks for less
than 1 % of the time. Losing a real speaker is worse than keeping a false one. So each rule asks first who
takes part in the conversation (`participants`), and what those say stays theirs.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from spotscribe_common.contract import SpeakerMerge, SpeakerRule, SpeakerTurn, Word
from spotscribe_whisper.speakers.cleaning.backchannels import only_backchannels
from spotscribe_whisper.speakers.cleaning.participants import participants, speech_seconds
from spotscribe_whisper.speakers.cleaning.stretches import Stretch, floor_holder, stretches
from spotscribe_whisper.speakers.cleaning.utterances import Utterances

# From the earlier system.
SHORT_SECONDS = 0.5
MINOR_SHARE = 0.01
# In the earlier system's 71 minutes that was 43 s, in ten minutes it is 6 s, which any label exceeds. So
# whoever speaks for less than this altogether is a minor speaker, too.
MINOR_SECONDS = 15.0
# A shorter turn without words is a flicker. A longer one may be a backchannel that the recogniser left out,
# as it does with most of those that somebody talks over.
FLICKER_SECONDS = 0.25
# A speaker who goes on after so short a pause has begun to speak, and is no flicker in somebody's floor.
FALSE_START_SECONDS = 1.0
# The longest stretch that can be an interjection: some backchannels in a row, with laughter.
INTERJECTION_SECONDS = 3.0


@dataclass(frozen=True)
class Cleaned:
    """Turns after the cleanup, and what it did.

    Attributes:
        turns: ascending, not overlapping; neighbours of one speaker are joined over gaps of up to
            `stretches.JOIN_SECONDS`.
        merges: every stretch that changed hands, in the order in which it did. Giving the raw turns in each
            from the one speaker to the other, and joining neighbours, leads to `turns`.
    """

    turns: list[SpeakerTurn]
    merges: list[SpeakerMerge]


def clean(
    turns: Sequence[SpeakerTurn],
    words: Sequence[Word],
    rules: Collection[SpeakerRule],
    least_speakers: int | None = None,
) -> Cleaned:
    """Applies the chosen rules, always in the order `short_turns`, `interjections`, `minor_speakers`.

    Args:
        turns: a diarizer's exclusive turns: ascending, not overlapping. They are not changed.
        words: of the transcript, with times in seconds; may be empty, or leave turns without any.
        rules: which rules to apply. Without any, neighbours are only joined.
        least_speakers: how many speakers there are at least, if the caller knows: never fewer are left, and
            none is made up.
    """
    table = _Table(turns, words, least_speakers or 1)
    merges = [
        table.give(rule, move) for rule, moves in _RULES.items() if rule in rules for move in moves(table)
    ]
    left = [SpeakerTurn(start=here.start, end=here.end, speaker=here.speaker) for here in table.stretches()]
    return Cleaned(left, merges)


@dataclass(frozen=True)
class _Move:
    stretch: Stretch
    to: str
    text: str | None = None


class _Table:
    """Whose each raw turn is now."""

    def __init__(self, turns: Sequence[SpeakerTurn], words: Sequence[Word], least: int) -> None:
        self._turns = turns
        self._speakers = [turn.speaker for turn in turns]
        self._utterances = Utterances(turns, words)
        self.participants = participants(turns, self._utterances, least)

    def stretches(self) -> list[Stretch]:
        return stretches(self._turns, self._speakers)

    def seconds(self) -> dict[str, float]:
        return speech_seconds(self._turns, self._speakers)

    def said(self, stretch: Stretch) -> list[str]:
        return self._utterances.said(stretch.turns)

    def says_whole_sentences(self, stretch: Stretch) -> bool:
        return self._utterances.are_whole(stretch.turns)

    def says_only_backchannels(self, speaker: str) -> bool:
        own = [number for number, owner in enumerate(self._speakers) if owner == speaker]
        return only_backchannels(self._utterances.said(own))

    def floor_holder(self, around: Sequence[Stretch], index: int) -> str | None:
        """Who holds the floor around a stretch: a participant, by a stretch that is no short one itself."""
        return floor_holder(around, index, self.participants, SHORT_SECONDS)

    def give(self, rule: SpeakerRule, move: _Move) -> SpeakerMerge:
        here = move.stretch
        for turn in here.turns:
            self._speakers[turn] = move.to
        return SpeakerMerge.model_validate(
            {
                "rule": rule,
                "start": here.start,
                "end": here.end,
                "from": here.speaker,
                "to": move.to,
                "text": move.text,
            }
        )


def _short_turns(table: _Table) -> list[_Move]:
    """Turns of under 0.5 s, unless a participant says something in them, go to who holds the floor."""
    around = table.stretches()
    moves = []
    for index, here in enumerate(around):
        to = table.floor_holder(around, index)
        if here.seconds < SHORT_SECONDS and to and to != here.speaker and not _is_own(table, around, index):
            moves.append(_Move(here, to))
    return moves


def _is_own(table: _Table, around: Sequence[Stretch], index: int) -> bool:
    """Whether a short stretch is a participant's false start, backchannel or sentence of a word or two."""
    here = around[index]
    if here.speaker not in table.participants:
        return False
    if all(other.seconds < SHORT_SECONDS for other in around if other.speaker == here.speaker):
        # She has nothing else, and takes part because the caller said how many speakers there are.
        return True
    after = around[index + 1] if index + 1 < len(around) else None
    if after and after.speaker == here.speaker and after.start - here.end <= FALSE_START_SECONDS:
        return True
    said = table.said(here)
    if not said:
        return here.seconds >= FLICKER_SECONDS
    return only_backchannels(said) or table.says_whole_sentences(here)


def _interjections(table: _Table) -> list[_Move]:
    """Backchannels of those who take no part go to who holds the floor.

    Where such a label says nothing else at all, those of its stretches go too in which no word was heard.
    """
    around = table.stretches()
    others = {here.speaker for here in around} - table.participants
    listeners = {speaker for speaker in others if table.says_only_backchannels(speaker)}
    moves = []
    for index, here in enumerate(around):
        if here.speaker not in others or here.seconds > INTERJECTION_SECONDS:
            continue
        said = table.said(here)
        to = table.floor_holder(around, index)
        if to and (only_backchannels(said) or (not said and here.speaker in listeners)):
            moves.append(_Move(here, to, " ".join(said) or None))
    return moves


def _minor_speakers(table: _Table) -> list[_Move]:
    """What those say who take no part, and hardly speak, goes to who holds the floor."""
    around = table.stretches()
    seconds = table.seconds()
    most = max(MINOR_SHARE * sum(seconds.values()), MINOR_SECONDS)
    minor = {speaker for speaker, spoken in seconds.items() if spoken < most} - table.participants
    moves = []
    for index, here in enumerate(around):
        to = table.floor_holder(around, index)
        if to and here.speaker in minor:
            moves.append(_Move(here, to))
    return moves


_RULES: dict[SpeakerRule, Callable[[_Table], list[_Move]]] = {
    "short_turns": _short_turns,
    "interjections": _interjections,
    "minor_speakers": _minor_speakers,
}
