"""Counts word errors, and says how sure the counts are.

Texts are compared in Whisper's normal form (Radford et al., 2022, appendix C), digit by digit. The intervals
are those of a bootstrap (Bisani and Ney, 2004) over blocks of 50 consecutive words of the references: a few
long files, or recordings of a few words, could not be drawn with replacement.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK_WORDS = 50
_RESAMPLES = 2000
_SEED = 1
_DIGITS = {"one": "1"}

# One row for each word of the reference: 1, and its substitutions, deletions and insertions.
Counts = NDArray[np.int64]


class Interval(NamedTuple):
    """A value with its 95 % interval, as a share."""

    value: float
    low: float
    high: float


def normal(text: str) -> str:
    """Whisper's normal form of an English text, with each digit as a word.

    Whether digits that were spoken one by one are written together (`10001`) or not (`1 0 0 0 1`) is chance,
    and no error. The normal form takes them for different words, and writes a single `1` as `one`.
    """
    words = _normaliser()(text).split()
    return " ".join(" ".join(word) if word.isdecimal() else _DIGITS.get(word, word) for word in words)


def counts(reference: str, hypothesis: str) -> Counts:
    """Errors at each word of the reference. Inserted words count at the word before them.

    Args:
        reference: what was said, in normal form.
        hypothesis: what was heard, in normal form.

    Returns:
        Shape (words of the reference, 4): ones, substitutions, deletions, insertions.
    """
    import jiwer

    size = len(reference.split())
    found = np.zeros((size, 4), dtype=np.int64)
    found[:, 0] = 1
    for part in jiwer.process_words(reference, hypothesis).alignments[0]:
        if part.type == "substitute":
            found[part.ref_start_idx : part.ref_end_idx, 1] = 1
        elif part.type == "delete":
            found[part.ref_start_idx : part.ref_end_idx, 2] = 1
        elif part.type == "insert":
            found[max(part.ref_start_idx - 1, 0), 3] += part.hyp_end_idx - part.hyp_start_idx
    return found


def blocks(each: Sequence[Counts]) -> Counts:
    """Sums over blocks of 50 consecutive words. Shape (blocks, 4); the last may have fewer words."""
    rows = np.concatenate(each)
    sums: Counts = np.add.reduceat(rows, np.arange(0, len(rows), BLOCK_WORDS))
    return sums


def errors(counted: Counts) -> NDArray[np.int64]:
    """Substitutions, deletions and insertions of each row together."""
    summed: NDArray[np.int64] = counted[..., 1:].sum(axis=-1)
    return summed


def word_error_rate(counted: Counts) -> Interval:
    """Errors by words of the reference; above 1 if many words were inserted.

    Args:
        counted: of `blocks`.
    """
    return _bootstrap({"": counted}, lambda sums: errors(sums[""]) / sums[""][..., 0])


def difference(first: Counts, second: Counts) -> Interval:
    """The first word error rate minus the second. Both are of the same words, and drawn together."""
    return _bootstrap(
        {"first": first, "second": second},
        lambda sums: (errors(sums["first"]) - errors(sums["second"])) / sums["first"][..., 0],
    )


def saved(first: Counts, second: Counts) -> Interval:
    """The share of the second's errors that the first does not make, drawn as in `difference`."""
    return _bootstrap(
        {"first": first, "second": second},
        lambda sums: 1 - errors(sums["first"]) / np.maximum(errors(sums["second"]), 1),
    )


def _bootstrap(
    counted: Mapping[str, Counts],
    figure: Callable[[Mapping[str, Counts]], NDArray[np.float64]],
) -> Interval:
    size = len(next(iter(counted.values())))
    drawn = np.random.default_rng(_SEED).integers(size, size=(_RESAMPLES, size))
    resampled = figure({name: each[drawn].sum(axis=1) for name, each in counted.items()})
    low, high = np.percentile(resampled, (2.5, 97.5))
    return Interval(
        float(figure({name: each.sum(axis=0) for name, each in counted.items()})), float(low), float(high)
    )


@cache
def _normaliser() -> Callable[[str], str]:
    from transformers.models.whisper.english_normalizer import EnglishTextNormalizer

    made: Callable[[str], str] = EnglishTextNormalizer({})
    return made
