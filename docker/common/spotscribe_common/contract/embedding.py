"""Embeddings of a corpus: what is asked for, and what a stream says of the work."""

from typing import Annotated, Literal

from pydantic import Field

from spotscribe_common.contract.events import Failed
from spotscribe_common.contract.shape import Shape
from spotscribe_common.contract.transcript import Degradation

CorpusFormat = Literal["jsonl", "parquet"]
# Failed rows that a result lists; all of them are counted.
MOST_ROW_FAILURES = 1000
MOST_DIMENSIONS = 8192
INSTRUCTION_CHARACTERS = 1000


class EmbeddingOptions(Shape):
    """Options of an embedding; see `EmbeddingOptions` in the contract."""

    column: str | None = Field(default=None, min_length=1, max_length=200)
    id_column: str | None = Field(default=None, min_length=1, max_length=200)
    instruction: str | None = Field(default=None, max_length=INSTRUCTION_CHARACTERS)
    dimensions: int | None = Field(default=None, ge=1, le=MOST_DIMENSIONS)
    format: CorpusFormat | None = None
    truncate: bool = True


class RowFailure(Shape):
    """A row without a vector; rows and lines are counted from 1."""

    row: int = Field(ge=0)
    reason: str


class EmbeddingTotals(Shape):
    """What was done with the rows so far."""

    rows: int = Field(ge=0)
    failed_rows: int = Field(ge=0)
    truncated_rows: int = Field(ge=0)
    tokens: int = Field(ge=0)
    failures: list[RowFailure] = Field(max_length=MOST_ROW_FAILURES)


class EmbeddingEngine(Shape):
    """The engine and its model."""

    name: str
    model: str


class EmbeddingSource(Shape):
    """What the vectors were made with; all parts of a result have the same."""

    engine: EmbeddingEngine
    dimensions: int = Field(ge=0)
    format: CorpusFormat


class EarlierEmbedding(EmbeddingSource):
    """What an earlier attempt did. Its rows are skipped."""

    totals: EmbeddingTotals


class EmbedRequest(EmbeddingOptions):
    """JSON body of `POST /embed`."""

    path: str = Field(min_length=1, max_length=1024)
    earlier: EarlierEmbedding | None = None


class EmbeddingStarted(EmbeddingSource):
    """First line of a stream: the file is open."""

    type: Literal["started"] = "started"


class EmbeddingPart(Shape):
    """Vectors of some rows as a complete file, in base64; empty if no row has a vector."""

    type: Literal["part"] = "part"
    rows: int = Field(ge=0)
    data: str
    totals: EmbeddingTotals
    progress: float = Field(ge=0, le=1)


class EmbeddingResult(EmbeddingSource):
    """Last line of a success."""

    type: Literal["result"] = "result"
    totals: EmbeddingTotals
    degraded: list[Degradation]


EmbedEvent = Annotated[
    EmbeddingStarted | EmbeddingPart | EmbeddingResult | Failed, Field(discriminator="type")
]
