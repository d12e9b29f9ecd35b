"""The model that makes vectors, and the work that is let in to it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from typing import BinaryIO

from spotscribe_common.contract import EmbedEvent, EmbedRequest
from spotscribe_common.work.job import Job
from spotscribe_common.work.lanes import Unqueued
from spotscribe_common.work.service import ModelService
from spotscribe_embeddings.batching.batcher import Batcher
from spotscribe_embeddings.batching.orders import Vectors
from spotscribe_embeddings.corpus.work import CorpusWork
from spotscribe_embeddings.engines.engine import Engine
from spotscribe_embeddings.engines.tokens import Tokens
from spotscribe_embeddings.metrics import EmbeddingMetrics
from spotscribe_embeddings.settings import Settings

BATCH_TOKENS = {"cuda": 16_384, "cpu": 2_048}


class EmbeddingsService(ModelService):
    """Answers requests and works on corpora at the same time, with batches of one engine."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.metrics = EmbeddingMetrics()
        super().__init__(settings, engine, self.metrics)
        self.batcher = Batcher(self, engine, settings.max_waiting_tokens)
        self.metrics.gauge(
            "spotscribe_waiting_tokens", "Tokens that wait.", lambda: self.batcher.waiting_tokens
        )

    async def load_more(self) -> None:
        """Sizes the batches for what the engine runs on."""
        self.batcher.batch_tokens = self.settings.batch_tokens or BATCH_TOKENS[self.engine.device().kind]

    async def embed(self, texts: Sequence[Tokens], prompt_tokens: int) -> Vectors:
        """The vectors of a request's texts."""
        began = time.monotonic()
        vectors = await self.batcher.vectors([text.ids for text in texts], prompt_tokens)
        self.metrics.took("embedding", time.monotonic() - began)
        self.metrics.embedded(len(texts), sum(len(text.ids) for text in texts))
        return vectors

    def corpus(
        self, file: BinaryIO, asked: EmbedRequest, holding: ExitStack
    ) -> tuple[Job[EmbedEvent], CorpusWork]:
        """Starts work on a corpus. `holding` is closed when it has ended."""
        loop = asyncio.get_running_loop()

        def embed(texts: Sequence[Sequence[int]], prompt_tokens: int) -> "Future[Vectors]":
            waiting = self.batcher.vectors(texts, prompt_tokens, is_patient=True)
            return asyncio.run_coroutine_threadsafe(waiting, loop)

        work = CorpusWork(file, asked, self.engine, embed, part_bytes=self.settings.part_bytes)

        def timed(emit: Callable[[EmbedEvent], None], is_stopped: Callable[[], bool]) -> None:
            with self.metrics.timed("corpus"):
                work.run(emit, is_stopped)

        return self.job(timed, holding, Unqueued(asyncio.to_thread)), work
