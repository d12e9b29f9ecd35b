"""Whose each word is: by its time, and near a change of speakers by its sentence."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby

from spotscribe_audio.language.sentence_ends import ends_sentence
from spotscribe_common.contract import SpeakerTurn, Word
from spotscribe_whisper.words import spread

# What a longer word has behind this is often the pause after it.
_RELIABLE_SECONDS = 0.7
# So much of a sentence, at its beginning or end, is given to the speaker of the rest if no pause is between:
# a diarizer's boundaries are a few tenths of a second off. docs/accuracy.md has the measurement.
_STRAY_WORDS = 2
_STRAY_SECONDS = 1.0
_STRAY_PAUSE_SECONDS = 0.3
# A turn that has hardly more than these words is an utterance of its own.
_MORE_SECONDS = 0.5


class _Turns:
    """Turns that can be asked by time.

    Args:
        turns: exclusive and ascending.
    """

    def __init__(self, turns: Sequence[SpeakerTurn]) -> None:
        self._turns = turns
        self._ends = [turn.end for turn in turns]

    def within(self, start: float, end: float) -> Iterator[SpeakerTurn]:
        """The turns that have a part of the stretch, ascending."""
        for at in range(bisect_right(self._ends, start), len(self._turns)):
            if self._turns[at].start >= end:
                break
            yield self._turns[at]

    def most(self, start: float, end: float) -> SpeakerTurn | None:
        """The turn with the largest part of the stretch, the first of equals; None if no turn has any."""

        def part(turn: SpeakerTurn) -> float:
            return min(end, turn.end) - max(start, turn.start)

        found = max(self.within(start, end), key=part, default=None)
        return found if found is not None and part(found) > 0 else None

    def nearest(self, start: float, end: float) -> SpeakerTurn:
        """The turn nearest to a stretch of which no turn has a part; the first of equals."""
        first = bisect_left(self._ends, start)
        near = self._turns[max(first - 1, 0) : first + 1]
        return min(near, key=lambda turn: max(turn.start - end, start - turn.end))


class WordSpeakers:
    """Gives words to speakers.

    Args:
        turns: exclusive and ascending, at least one.
    """

    def __init__(self, turns: Sequence[SpeakerTurn]) -> None:
        self._all = _Turns(turns)
        own: dict[str, list[SpeakerTurn]] = defaultdict(list)
        for turn in turns:
            own[turn.speaker].append(turn)
        self._own = {speaker: _Turns(some) for speaker, some in own.items()}

    def between(self, start: float, end: float) -> str:
        """Who speaks for most of a stretch; where nobody does, whose turn is nearest.

        Args:
            start: seconds.
            end: seconds.
        """
        return (self._all.most(start, end) or self._all.nearest(start, end)).speaker

    def runs(self, words: Sequence[Word]) -> list[tuple[str, list[Word]]]:
        """The words of a segment in runs of one speaker each. Interpolated ones stay in the speaker's turn.

        An interpolated word goes with the words of its sentence that have times. If those before and after it
        are of two speakers, it goes to the one who speaks where it was put. A sentence in which no word has
        times is one speaker's.

        Args:
            words: of a segment, ascending.
        """
        speakers = [speaker for sentence in _sentences(words) for speaker in self._of_sentence(sentence)]
        pairs = list(zip(speakers, words, strict=True))
        return [
            (speaker, self._inside([word for _, word in run], speaker))
            for speaker, run in groupby(pairs, key=lambda pair: pair[0])
        ]

    def _of_sentence(self, words: Sequence[Word]) -> list[str]:
        by_time = [
            self.between(
                word.start, word.end if word.interpolated else min(word.end, word.start + _RELIABLE_SECONDS)
            )
            for word in words
        ]
        known = [at for at, word in enumerate(words) if not word.interpolated]
        if not known:
            whole = ends_sentence(words[-1].word)
            return [self.between(words[0].start, words[-1].end)] * len(words) if whole else by_time
        found = []
        for at, speaker in enumerate(by_time):
            after = bisect_left(known, at)
            beside = [by_time[known[each]] for each in (after - 1, after) if 0 <= each < len(known)]
            found.append(speaker if speaker in beside else beside[0])
        return self._without_strays(words, found)

    def _without_strays(self, words: Sequence[Word], speakers: Sequence[str]) -> list[str]:
        """The speakers of a sentence's words, with a few words at an end given to the speaker of the rest."""
        found = list(speakers)
        changes = [at for at in range(1, len(words)) if speakers[at] != speakers[at - 1]]
        if not changes:
            return found
        first, last = changes[0], changes[-1]
        for change, stray, speaker in (
            (first, range(first), speakers[first]),
            (last, range(last, len(words)), speakers[last - 1]),
        ):
            before, after = words[change - 1], words[change]
            if (
                len(stray) <= _STRAY_WORDS
                and 2 * len(stray) < len(words)
                and words[stray[-1]].end - words[stray[0]].start <= _STRAY_SECONDS
                # Where interpolated words are, nobody knows of pauses.
                and not (before.interpolated or after.interpolated)
                and after.start - before.end <= _STRAY_PAUSE_SECONDS
                and self._goes_on(speakers[stray[0]], words[stray[0]].start, words[stray[-1]].end)
            ):
                found[stray.start : stray.stop] = [speaker] * len(stray)
        return found

    def _goes_on(self, speaker: str, start: float, end: float) -> bool:
        """Whether the speaker's turn has more than this stretch: a boundary is off by less than a turn."""
        turn = self._own[speaker].most(start, end)
        return turn is not None and max(start - turn.start, turn.end - end) > _MORE_SECONDS

    def _inside(self, words: Sequence[Word], speaker: str) -> list[Word]:
        """Words of one speaker; interpolated ones share what their stretch has of the speaker's turn."""
        runs = [(interpolated, list(run)) for interpolated, run in groupby(words, key=_is_interpolated)]
        inside: list[Word] = []
        for at, (interpolated, run) in enumerate(runs):
            if not interpolated:
                inside += run
                continue
            start, end = self._room(
                run[0].start, run[-1].end, speaker, follows=at > 0, precedes=at < len(runs) - 1
            )
            inside += spread([word.word for word in run], start, end)
        return inside

    def _room(
        self, start: float, end: float, speaker: str, *, follows: bool, precedes: bool
    ) -> tuple[float, float]:
        """The part of a stretch that is left for words of a speaker who says what is before or after it."""
        own = self._own[speaker].most(start, end)
        if own is not None:
            return max(start, own.start), min(end, own.end)
        others = list(self._all.within(start, end))
        if others and follows:
            return start, max(others[0].start, start)
        if others and precedes:
            return min(others[-1].end, end), end
        return start, end


def _is_interpolated(word: Word) -> bool:
    return bool(word.interpolated)


def _sentences(words: Sequence[Word]) -> Iterator[list[Word]]:
    sentence: list[Word] = []
    for word in words:
        sentence.append(word)
        if ends_sentence(word.word):
            yield sentence
            sentence = []
    if sentence:
        yield sentence
