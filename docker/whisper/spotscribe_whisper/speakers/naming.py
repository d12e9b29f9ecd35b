"""Names for speakers: those that the caller knows, then letters."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from string import ascii_uppercase


def names_of(labels: Iterable[str], known: Sequence[str]) -> dict[str, str]:
    """A name for each label, in the order of their first appearance.

    Args:
        labels: the diarizer's, in the order in which they speak; repetitions are allowed.
        known: names for the first speakers, in the order in which they speak. The others get the letters
            A, B, … Z, AA, … that are not among these.
    """
    names: dict[str, str] = {}
    letters = (letter for letter in _letters() if letter not in known)
    for label in labels:
        if label not in names:
            names[label] = known[len(names)] if len(names) < len(known) else next(letters)
    return names


def _letters() -> Iterator[str]:
    for number in count():
        rest, name = number, ""
        while rest >= 0:
            name = ascii_uppercase[rest % 26] + name
            rest = rest // 26 - 1
        yield name
