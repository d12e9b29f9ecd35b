"""Texts that wait together for their vectors."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from spotscribe_common.errors import InternalError, ServiceError
from spotscribe_embeddings.engines.engine import Matrix


class NotFiniteError(InternalError):
    """The model computed numbers that are none, or infinite."""

    def __init__(self) -> None:
        super().__init__(
            "The model returned numbers that are not finite: its precision does not suffice for this text. "
            "Deploy it with embeddingPrecision float32."
        )


@dataclass(frozen=True)
class Vectors:
    """Vectors of length 1, a row for each text, and why rows have none."""

    rows: Matrix
    failures: dict[int, ServiceError]


@dataclass(eq=False)
class Order:
    """Texts of one request, or of one stretch of a corpus.

    Attributes:
        texts: token ids of each.
        prompt_tokens: of the instruction, at the beginning of each.
        rows: the vectors so far.
        done: resolved when all texts have a vector or a failure.
    """

    texts: Sequence[Sequence[int]]
    prompt_tokens: int
    rows: Matrix
    done: asyncio.Future[Vectors]
    failures: dict[int, ServiceError] = field(default_factory=dict)
    left: int = 0

    def __post_init__(self) -> None:
        self.left = len(self.texts)

    @property
    def tokens(self) -> int:
        """Of all texts."""
        return sum(len(text) for text in self.texts)

    def take(self, indexes: Sequence[int], vectors: Matrix) -> None:
        """Keeps the vectors of some texts, brought to length 1."""
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
        for index, vector, length in zip(indexes, vectors, lengths, strict=True):
            # A vector of zeros has no direction.
            if np.isfinite(length) and length > 0:
                self.rows[index] = vector / length
            else:
                self.failures[index] = NotFiniteError()
        self.left -= len(indexes)
        if self.left == 0 and not self.done.done():
            self.done.set_result(Vectors(self.rows, self.failures))

    def fail(self, error: Exception) -> None:
        """Gives up all of it."""
        if not self.done.done():
            self.done.set_exception(error)


# A text of an order.
Item = tuple[Order, int]


def batches(items: Sequence[Item], most_tokens: int) -> Iterator[list[Item]]:
    """Items as batches of one instruction each, and of texts of similar length.

    Args:
        items: in any order.
        most_tokens: of a batch, padding included; a longer text is a batch of its own.
    """
    batch: list[Item] = []
    ordered = sorted(items, key=lambda item: (item[0].prompt_tokens, len(item[0].texts[item[1]])))
    for item in ordered:
        order, index = item
        length = len(order.texts[index])
        other = batch and batch[0][0].prompt_tokens != order.prompt_tokens
        # The last one is the longest so far: all others are padded to it.
        if batch and (other or length * (len(batch) + 1) > most_tokens):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def shortened(vectors: Matrix, dimensions: int) -> Matrix:
    """The first numbers of each vector, brought to length 1 again."""
    if vectors.shape[1] == dimensions:
        return vectors
    cut = vectors[:, :dimensions]
    short: Matrix = cut / np.maximum(np.linalg.norm(cut, axis=1, keepdims=True), 1e-12)
    return short
