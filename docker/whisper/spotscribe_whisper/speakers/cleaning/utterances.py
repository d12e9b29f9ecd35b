"""The transcript's words laid over a diarizer's turns: what was said in each, and whose the sentences are."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from spotscribe_audio.language.sentence_ends import ends_sentence
from spotscribe_common.contract import SpeakerTurn, Word
from spotscribe_whisper.speakers.cleaning.backchannels import content_words

# A pause after which a new sentence begins even without a full stop.
SENTENCE_PAUSE_SECONDS = 1.0
# The same where the speaker changes: a diarizer that errs inside somebody's speech leaves no pause.
CHANGE_PAUSE_SECONDS = 0.3
# A sentence is the own one of whoever says this share of its words. The rest is what a boundary that is a few
# tenths of a second off takes from it.
OWN_SHARE = 2 / 3
# A transcript with fewer sentence ends than one in so many words knows no punctuation.
_WORDS_PER_END = 100


class Utterances:
    """Words by turn and by sentence. Turns are known by their index.

    Args:
        turns: ascending, not overlapping.
        words: of the transcript, in any order; each is in the turn that its middle lies in, or in none.
    """

    def __init__(self, turns: Sequence[SpeakerTurn], words: Sequence[Word]) -> None:
        self._words = sorted(words, key=lambda word: (word.start, word.end))
        places = _places(turns, self._words)
        self._sentence = _sentences(
            self._words, [None if place is None else turns[place].speaker for place in places]
        )
        self._in_turn: list[list[int]] = [[] for _ in turns]
        for number, place in enumerate(places):
            if place is not None:
                self._in_turn[place].append(number)
        self._lengths = self._counts(range(len(turns)))

    @property
    def any(self) -> bool:
        """Whether there are words at all."""
        return bool(self._words)

    def said(self, turns: Sequence[int]) -> list[str]:
        """The words in these turns, in order."""
        return [self._words[number].word for turn in turns for number in self._in_turn[turn]]

    def are_whole(self, turns: Sequence[int]) -> bool:
        """Whether all that these turns hold is sentences of their own; False where no word lies in them."""
        counts = self._counts(turns)
        return bool(counts) and len(self._own(counts)) == len(counts)

    def content(self, turns: Sequence[int]) -> list[int]:
        """How many different words, backchannels aside, each own sentence of these turns has; descending."""
        own = self._own(self._counts(turns))
        sentences: dict[int, list[str]] = {}
        for turn in turns:
            for number in self._in_turn[turn]:
                if self._sentence[number] in own:
                    sentences.setdefault(self._sentence[number], []).append(self._words[number].word)
        return sorted((len(set(content_words(said))) for said in sentences.values()), reverse=True)

    def whole_share(self, turns: Sequence[int]) -> float:
        """Which share of the words in these turns is in sentences of their own, 0 to 1."""
        counts = self._counts(turns)
        return sum(counts[sentence] for sentence in self._own(counts)) / (counts.total() or 1)

    def _counts(self, turns: Sequence[int]) -> Counter[int]:
        return Counter(self._sentence[number] for turn in turns for number in self._in_turn[turn])

    def _own(self, counts: Counter[int]) -> set[int]:
        return {
            sentence for sentence, count in counts.items() if count >= OWN_SHARE * self._lengths[sentence]
        }


def _places(turns: Sequence[SpeakerTurn], words: Sequence[Word]) -> list[int | None]:
    """The index of the turn that each word's middle lies in."""
    starts = [turn.start for turn in turns]
    places: list[int | None] = []
    for word in words:
        middle = (word.start + word.end) / 2
        turn = bisect_right(starts, middle) - 1
        places.append(turn if turn >= 0 and middle <= turns[turn].end else None)
    return places


def _sentences(words: Sequence[Word], speakers: Sequence[str | None]) -> list[int]:
    """The number of the sentence that each word is in; `speakers` has the diarizer's speaker of each word.

    Without punctuation a sentence ends wherever the speaker changes: rather too many speakers have sentences
    of their own then than too few.
    """
    unpunctuated = sum(ends_sentence(word.word) for word in words) * _WORDS_PER_END < len(words)
    change = -math.inf if unpunctuated else CHANGE_PAUSE_SECONDS
    numbers = [0] if words else []
    for (before, speaker), (word, next_speaker) in pairwise(zip(words, speakers, strict=True)):
        longest = SENTENCE_PAUSE_SECONDS if speaker == next_speaker else change
        numbers.append(numbers[-1] + (ends_sentence(before.word) or word.start - before.end >= longest))
    return numbers
