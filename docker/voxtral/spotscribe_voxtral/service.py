"""The model that listens and writes, and the work that is let in to it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TypeVar

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.service import AudioService
from spotscribe_common.contract import (
    AnalysisResult,
    AnalyzeEvent,
    Degradation,
    Result,
    TranscribeEvent,
)
from spotscribe_common.work.job import Job
from spotscribe_common.work.lanes import PriorityLanes
from spotscribe_voxtral.analysis.analysis import AnalysisOrder, RecordingAnalysis
from spotscribe_voxtral.chat.answer import ChatEvent, ChatOrder, ChatWritten, write_answer
from spotscribe_voxtral.engines.engine import Engine
from spotscribe_voxtral.engines.in_turn import EngineInTurn
from spotscribe_voxtral.metrics import VoxtralMetrics
from spotscribe_voxtral.settings import Settings
from spotscribe_voxtral.transcription import RecordingTranscription, TranscriptionOrder

Read = TypeVar("Read")


class VoxtralService(AudioService):
    """Runs one transcription or chat at a time, and one analysis, which works while there is neither."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.metrics = VoxtralMetrics()
        self._one = asyncio.Lock()
        super().__init__(settings, engine, self.metrics)
        self._lanes = PriorityLanes(self.models)

    async def one_at_a_time(self, read: Callable[[], Read]) -> Read:
        """What `read` returns, in a thread. A chat's body is in memory three times over while it is read."""
        async with self._one:
            return await asyncio.to_thread(read)

    def transcribe(self, pcm: Pcm, order: TranscriptionOrder, holding: ExitStack) -> Job[TranscribeEvent]:
        """Starts a transcription, which goes before analyses. `holding` is closed when it has ended."""

        def work(emit: Callable[[TranscribeEvent], None], cancelled: Callable[[], bool]) -> None:
            def counted(event: TranscribeEvent) -> None:
                if isinstance(event, Result):
                    # Work may begin a millisecond behind the end: times are rounded.
                    heard = max(event.transcript.duration - order.start_at, 0.0)
                    self._count(heard, time.monotonic() - began, event.transcript.degraded)
                emit(event)

            began = time.monotonic()
            with self.metrics.timed("transcription"):
                RecordingTranscription(pcm, self.engine, order, counted, cancelled).run()

        return self.job(work, holding, self._lanes.first())

    def analyze(self, pcm: Pcm, order: AnalysisOrder, holding: ExitStack) -> Job[AnalyzeEvent]:
        """Starts an analysis. Its batches are done while there is no transcription and no chat."""

        def work(emit: Callable[[AnalyzeEvent], None], cancelled: Callable[[], bool]) -> None:
            def counted(event: AnalyzeEvent) -> None:
                if isinstance(event, AnalysisResult):
                    found = event.analysis
                    self._count(found.duration, time.monotonic() - began, found.degraded)
                emit(event)

            began = time.monotonic()
            with self.metrics.timed("analysis"):
                engine = EngineInTurn(self.engine, self.models.do_in_gap, cancelled)
                RecordingAnalysis(pcm, engine, order, counted, cancelled).run()

        return self.job(work, holding, self._lanes.in_gaps())

    def chat(self, order: ChatOrder, holding: ExitStack) -> Job[ChatEvent]:
        """Starts an answer, as `transcribe` does."""

        def work(emit: Callable[[ChatEvent], None], cancelled: Callable[[], bool]) -> None:
            def counted(event: ChatEvent) -> None:
                if isinstance(event, ChatWritten):
                    self.metrics.chatted(event)
                emit(event)

            with self.metrics.timed("chat"):
                write_answer(self.engine, order, counted, cancelled)

        return self.job(work, holding, self._lanes.first())

    def _count(self, heard: float, seconds: float, degraded: Sequence[Degradation]) -> None:
        self.metrics.heard(heard, seconds)
        for loss in degraded:
            self.metrics.degraded(loss.stage)
