"""What was done with the rows of a corpus."""

from collections.abc import Sequence

from spotscribe_common.contract import MOST_ROW_FAILURES, EarlierEmbedding, EmbeddingTotals, RowFailure
from spotscribe_embeddings.corpus.parts import Embedded

_MOST_CHARACTERS = 300


class Totals:
    """Counts, beginning with those of an earlier attempt."""

    def __init__(self, earlier: EarlierEmbedding | None) -> None:
        totals = None if earlier is None else earlier.totals
        self._rows = 0 if totals is None else totals.rows
        self._failed = 0 if totals is None else totals.failed_rows
        self._truncated = 0 if totals is None else totals.truncated_rows
        self._tokens = 0 if totals is None else totals.tokens
        self._failures = [] if totals is None else [*totals.failures]

    def add(self, embedded: Sequence[Embedded], failures: Sequence[RowFailure]) -> None:
        """Counts rows that have a vector, and rows that have none."""
        self._rows += len(embedded) + len(failures)
        self._failed += len(failures)
        self._truncated += sum(row.is_cut for row in embedded)
        self._tokens += sum(row.tokens for row in embedded)
        room = MOST_ROW_FAILURES - len(self._failures)
        self._failures += sorted(failures, key=lambda each: each.row)[:room]

    def shape(self) -> EmbeddingTotals:
        """For an event."""
        return EmbeddingTotals(
            rows=self._rows,
            failed_rows=self._failed,
            truncated_rows=self._truncated,
            tokens=self._tokens,
            failures=[*self._failures],
        )


def failure(row: int, reason: str) -> RowFailure:
    """A row without a vector, and why."""
    return RowFailure(row=row, reason=reason[:_MOST_CHARACTERS])
