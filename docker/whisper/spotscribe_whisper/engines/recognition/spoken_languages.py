"""Divides the speech of a window by language.

Whisper decodes a chunk in one language. So the language of each short piece of speech is detected, and the
pieces of one language are joined again: a longer chunk has more context.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from spotscribe_whisper.engines.recognition.chunks import LONGEST, Chunk, Speech, Stretch

# Longest piece, in seconds, of which one language is detected, and the pause that ends a piece: the language
# often changes with the speaker. A change within a piece is not noticed. Shorter pieces are less certain.
_SHORT = 10.0
_PAUSE = 1.0
# Seconds of speech and probability from which a detected language counts.
_LEAST_SPEECH = 2.0
_LEAST_PROBABILITY = 0.6


@dataclass(frozen=True)
class Guess:
    """The probable languages of a piece of speech.

    Attributes:
        odds: ISO 639-1 code to probability, of the languages that are possible.
        speech: seconds of speech.
    """

    odds: Mapping[str, float]
    speech: float

    @property
    def language(self) -> str | None:
        """The most probable language; None if there is too little speech, or no language is probable."""
        best = max(self.odds, key=self.odds.__getitem__)
        is_certain = self.speech >= _LEAST_SPEECH and self.odds[best] >= _LEAST_PROBABILITY
        return best if is_certain else None


def restricted(odds: Mapping[str, float], among: Sequence[str]) -> dict[str, float]:
    """The probability of each language, if no others are possible than those in `among`.

    Args:
        odds: ISO 639-1 code to probability, of all languages.
        among: codes in `odds`.
    """
    total = sum(odds[code] for code in among)
    return {code: odds[code] / total if total else 1 / len(among) for code in among}


def chunks_by_language(
    speech: Speech, odds_of: Callable[[Sequence[Chunk]], Sequence[Mapping[str, float]]], otherwise: str
) -> dict[str, list[Chunk]]:
    """The chunks of each language, in order of time. With one language alone, they are the ordinary ones.

    Args:
        speech: of a window.
        odds_of: the probable languages of chunks, see :class:`Guess`.
        otherwise: the language if that of no chunk is certain.
    """
    short = [part for group in speech.groups(_SHORT) for part in at_pauses(group)]
    pieces = speech.chunks(short)
    guesses = [
        Guess(odds, piece.speech_between(0.0, piece.seconds))
        for odds, piece in zip(odds_of(pieces), pieces, strict=True)
    ]
    stretches = [stretch for group in speech.groups() for stretch in group]
    divided = by_language(short, smoothed(guesses, otherwise), stretches)
    chunks = speech.chunks([group for _, group in divided])
    found: dict[str, list[Chunk]] = {}
    for (language, _), chunk in zip(divided, chunks, strict=True):
        found.setdefault(language, []).append(chunk)
    return found


def at_pauses(group: Sequence[Stretch]) -> list[list[Stretch]]:
    """The stretches in groups without a long pause.

    Args:
        group: stretches of speech in order of time.
    """
    parts = [[group[0]]]
    for before, stretch in pairwise(group):
        if stretch[0] - before[1] >= _PAUSE:
            parts.append([])
        parts[-1].append(stretch)
    return parts


def smoothed(guesses: Sequence[Guess], otherwise: str) -> list[str]:
    """The language of each piece. One without takes that of a neighbor, whichever is more probable in it.

    Args:
        guesses: in order of time.
        otherwise: the language if no piece has one.
    """
    found = [guess.language for guess in guesses]
    before, after = _last_known(found), _last_known(found[::-1])[::-1]
    languages = []
    for guess, own, earlier, later in zip(guesses, found, before, after, strict=True):
        # Of equal ones the first is taken: the language stays until there is a reason for another one.
        near = [code for code in (own or earlier, own or later) if code is not None]
        languages.append(max(near, key=lambda code: guess.odds.get(code, 0.0)) if near else otherwise)
    return languages


def by_language(
    groups: Sequence[Sequence[Stretch]], languages: Sequence[str], stretches: Sequence[Stretch]
) -> list[tuple[str, list[Stretch]]]:
    """Speech as groups of one language each, at most :data:`LONGEST` seconds long, in order of time.

    Args:
        groups: short groups of stretches, in seconds from the window's start.
        languages: of each group.
        stretches: the same speech as it is divided for recognition: the ends of the short groups may be in
            the middle of a word.
    """
    starts = [group[0][0] for group in groups]
    ends = [group[-1][1] for group in groups]
    changes = [
        (ends[at] + starts[at + 1]) / 2 for at, (one, other) in enumerate(pairwise(languages)) if one != other
    ]
    spoken = [code for at, code in enumerate(languages) if at == 0 or languages[at - 1] != code]
    edges = [0.0, *changes, float("inf")]
    return [
        (code, group)
        for code, (first, last) in zip(spoken, pairwise(edges), strict=False)
        for group in _joined(_between(stretches, first, last))
    ]


def _last_known(found: Sequence[str | None]) -> list[str | None]:
    last: str | None = None
    return [last := code or last for code in found]


def _between(stretches: Sequence[Stretch], first: float, last: float) -> list[Stretch]:
    cut = [(max(start, first), min(end, last)) for start, end in stretches]
    return [(start, end) for start, end in cut if start < end]


def _joined(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """As whisperX joins them: a stretch that would make a group too long begins the next one."""
    groups: list[list[Stretch]] = []
    for start, end in stretches:
        if groups and end - groups[-1][0][0] <= LONGEST:
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
    return groups
