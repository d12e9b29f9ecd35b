"""Names for speakers: those that the caller knows, then letters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from string import ascii_uppercase


def names_of(
    labels: Iterable[str], known: Sequence[str], recognised: Mapping[str, str] | None = None
) -> dict[str, str]:
    """A name for each label, in the order of their first appearance.

    Args:
        labels: the diarizer's, in the order in which they speak; repetitions are allowed.
        known: names for the first speakers, in the order in which they speak. The others get the letters
            A, B, … Z, AA, … that are not among these.
        recognised: names of the labels whose voices are known. If it is given, the order says nothing.
    """
    order = list(dict.fromkeys(labels))
    given = dict(zip(order, known, strict=False)) if recognised is None else recognised
    letters = (letter for letter in _letters() if letter not in known)
    return {label: given[label] if label in given else next(letters) for label in order}


def _letters() -> Iterator[str]:
    for number in count():
        rest, name = number, ""
        while rest >= 0:
            name = ascii_uppercase[rest % 26] + name
            rest = rest // 26 - 1
        yield name
