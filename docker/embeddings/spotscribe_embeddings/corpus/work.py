"""From the rows of a corpus to the files of its vectors."""

import base64
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import BinaryIO

from spotscribe_common.contract import (
    CorpusFormat,
    Degradation,
    EmbeddingEngine,
    EmbeddingPart,
    EmbeddingResult,
    EmbeddingSource,
    EmbeddingStarted,
    EmbedEvent,
    EmbedRequest,
)
from spotscribe_common.errors import CancelledWorkError, InvalidRequestError
from spotscribe_common.process.memory import trim_heap
from spotscribe_common.work.stoppable import Unsent, awaited
from spotscribe_embeddings.batching.orders import Vectors, shortened
from spotscribe_embeddings.corpus.parts import Part, part_file
from spotscribe_embeddings.corpus.reading import Corpus, Row, open_corpus
from spotscribe_embeddings.corpus.totals import Totals, failure
from spotscribe_embeddings.corpus.windows import Window, read_window, windows
from spotscribe_embeddings.engines.engine import Engine

# While the vectors of one window are computed, the next one is read.
_IN_WORK = 2
# A part ends after this time even if it is not full: an interruption loses no more.
_PART_SECONDS = 30.0
# Parts that may wait for the client.
_UNSENT_PARTS = 2

Embed = Callable[[Sequence[Sequence[int]], int], "Future[Vectors]"]


class CorpusWork:
    """One run over a corpus, in a thread of its own.

    Args:
        file: the corpus.
        asked: what the request says.
        engine: loaded.
        embed: has the vectors of token ids computed.
        part_bytes: size of the vectors in a part.
    """

    def __init__(
        self, file: BinaryIO, asked: EmbedRequest, engine: Engine, embed: Embed, *, part_bytes: int
    ) -> None:
        self._file = file
        self._asked = asked
        self._engine = engine
        self._embed = embed
        self._dimensions = asked.dimensions or engine.dimensions
        self._part_rows = max(1, part_bytes // (4 * self._dimensions))
        self._unsent = Unsent(_UNSENT_PARTS)
        self._totals = Totals(asked.earlier)
        self._instruction = asked.instruction or ""
        self._prompt_tokens = engine.tokenizer.prompt_tokens(self._instruction)

    def sent(self) -> None:
        """A part has been sent: another one may be made."""
        self._unsent.sent()

    def run(self, emit: Callable[[EmbedEvent], None], is_stopped: Callable[[], bool]) -> None:
        """Reads, embeds and emits.

        Raises:
            InvalidRequestError: the corpus cannot be used, or an earlier part was made differently.
            CancelledWorkError: nobody wants it any more.
        """
        asked = self._asked
        skip = 0 if asked.earlier is None else asked.earlier.totals.rows
        with open_corpus(
            self._file, column=asked.column or "text", id_column=asked.id_column, skip=skip
        ) as corpus:
            source = self._source(corpus)
            emit(EmbeddingStarted(**dict(source)))
            self._run(corpus, source.format, emit, is_stopped)
        totals = self._totals.shape()
        if totals.rows == 0:
            raise InvalidRequestError("The file has no rows.")
        if totals.rows == totals.failed_rows:
            first = totals.failures[0]
            raise InvalidRequestError(
                f"None of the {totals.rows} rows can be embedded. Row {first.row}: {first.reason}"
            )
        emit(EmbeddingResult(**dict(source), totals=totals, degraded=self._degraded()))

    def _source(self, corpus: Corpus) -> EmbeddingSource:
        engine, asked = self._engine, self._asked
        source = EmbeddingSource(
            engine=EmbeddingEngine(name=engine.name, model=engine.model),
            dimensions=self._dimensions,
            format=asked.format or corpus.format,
        )
        earlier = asked.earlier
        if earlier is not None and any(getattr(earlier, name) != value for name, value in source):
            raise InvalidRequestError(
                f"The earlier part was made with {earlier.engine.model} ({earlier.engine.name}), "
                f"{earlier.dimensions} dimensions, as {earlier.format}; this service has {engine.model} "
                f"({engine.name}). Start again without it.",
                param="earlier",
            )
        return source

    def _run(
        self,
        corpus: Corpus,
        format_: CorpusFormat,
        emit: Callable[[EmbedEvent], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        in_work: deque[tuple[Window, Future[Vectors]]] = deque()
        part = Part()

        def finish() -> None:
            window, vectors = in_work.popleft()
            self._take(window, awaited(vectors, is_stopped), part)
            is_old = time.monotonic() - part.began > _PART_SECONDS
            if len(part.rows) >= self._part_rows or is_old:
                self._send(part, format_, window.at, emit, is_stopped)

        try:
            for rows in windows(corpus, self._part_rows):
                if is_stopped():
                    raise CancelledWorkError
                window = self._read(rows)
                in_work.append((window, self._embed(window.ids, self._prompt_tokens)))
                while len(in_work) >= _IN_WORK:
                    finish()
            while in_work:
                finish()
        finally:
            for _, vectors in in_work:
                vectors.cancel()
        if part.has_any:
            self._send(part, format_, 1.0, emit, is_stopped)

    def _read(self, rows: list[Row]) -> Window:
        tokenizer = self._engine.tokenizer
        return read_window(rows, tokenizer, self._instruction, truncate=self._asked.truncate)

    def _take(self, window: Window, vectors: Vectors, part: Part) -> None:
        good = [place for place in range(len(window.embedded)) if place not in vectors.failures]
        failures = [
            *window.failures,
            *(
                failure(window.embedded[place].number, error.message)
                for place, error in vectors.failures.items()
            ),
        ]
        good.sort(key=lambda place: window.embedded[place].number)
        part.add([window.embedded[place] for place in good], shortened(vectors.rows[good], self._dimensions))
        self._totals.add([window.embedded[place] for place in good], failures)

    def _send(
        self,
        part: Part,
        format_: CorpusFormat,
        at: float,
        emit: Callable[[EmbedEvent], None],
        is_stopped: Callable[[], bool],
    ) -> None:
        self._unsent.wait(is_stopped)
        rows, vectors = part.take()
        file = part_file(rows, vectors, format_)
        data = base64.b64encode(file).decode()
        emit(EmbeddingPart(rows=len(rows), data=data, totals=self._totals.shape(), progress=at))
        # The vectors of a part lie among the arrays of many batches.
        trim_heap()

    def _degraded(self) -> list[Degradation]:
        totals, most = self._totals.shape(), self._engine.tokenizer.most_tokens
        missing = []
        if totals.truncated_rows:
            reason = f"{totals.truncated_rows} texts were longer than {most} tokens and were cut."
            missing.append(Degradation(stage="truncation", reason=reason))
        if totals.failed_rows:
            first = totals.failures[0]
            reason = (
                f"{totals.failed_rows} of {totals.rows} rows have no vector. "
                f"The first one is row {first.row}: {first.reason}"
            )
            missing.append(Degradation(stage="embedding", reason=reason))
        return missing
