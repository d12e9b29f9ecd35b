"""Where the subject changes, by the words that are said."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from spotscribe_voxtral.engines.laptop.telling import content_words

# Stretches that are compared on each side, and the least that one subject takes: about half a minute.
_BLOCK = 6
# Cosine of the word counts below which two blocks have different subjects. A choice.
_ALIKE = 0.1


def subjects(stretches: Sequence[str]) -> list[list[str]]:
    """The stretches in parts on one subject each, in their order.

    After M. A. Hearst, "TextTiling: segmenting text into multi-paragraph subtopic passages", Computational
    Linguistics 23(1), 1997: a subject changes where the words before and after a place differ most. Parts are
    never shorter than a block, so that fewer than two blocks are one part.
    """
    likeness = {
        at: _cosine(_counts(stretches[at - _BLOCK : at]), _counts(stretches[at : at + _BLOCK]))
        for at in range(_BLOCK, len(stretches) - _BLOCK + 1)
    }
    changes: list[int] = []
    for at in sorted(likeness, key=lambda place: likeness[place]):
        if likeness[at] < _ALIKE and all(abs(at - other) >= _BLOCK for other in changes):
            changes.append(at)
    bounds = [0, *sorted(changes), len(stretches)]
    return [[*stretches[start:end]] for start, end in pairwise(bounds) if start < end]


def _counts(stretches: Sequence[str]) -> Counter[str]:
    return Counter(word for stretch in stretches for word in content_words(stretch))


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    """From 0, no word in common, to 1."""
    lengths = math.sqrt(_square(one) * _square(other))
    return sum(count * other[word] for word, count in one.items()) / lengths if lengths else 0.0


def _square(counts: Counter[str]) -> int:
    return sum(count * count for count in counts.values())
