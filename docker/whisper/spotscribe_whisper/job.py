"""One transcription, from its wait for the engine to its last event."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack

from spotscribe_common.contract import Result, TranscribeEvent, Transcript
from spotscribe_common.errors import InternalError, OutOfMemoryError
from spotscribe_common.memory import is_out_of_memory, release_memory
from spotscribe_common.pcm import Pcm
from spotscribe_whisper.engines.engine import CancelledTranscriptionError
from spotscribe_whisper.model_thread import ModelThread
from spotscribe_whisper.options import Options
from spotscribe_whisper.transcription import Tools, Transcription

_log = logging.getLogger(__name__)


class Job:
    """Runs in a task of its own: it holds the engine until that has let go, whatever becomes of the request.

    Args:
        pcm: the decoded audio.
        tools: engine and diarizer.
        models: the thread in which they work, one job at a time: they share one GPU.
        options: what the caller chose.
        holding: what is closed when the job has ended: its audio, its place among those admitted.
    """

    def __init__(
        self,
        pcm: Pcm,
        tools: Tools,
        models: ModelThread,
        options: Options,
        holding: ExitStack,
    ) -> None:
        self._pcm = pcm
        self._tools = tools
        self._models = models
        self._options = options
        self._holding = holding
        self._stopped = threading.Event()
        self._working = False
        # Not bounded: it holds no more than the transcript, which is kept anyway.
        self._events: asyncio.Queue[TranscribeEvent | Exception | None] = asyncio.Queue()
        self._task = asyncio.ensure_future(self._run())
        # Not in the task itself: one that is cancelled before its first step never runs.
        self._task.add_done_callback(self._end)

    async def events(self) -> AsyncIterator[TranscribeEvent]:
        """The events as they come; ends early if the job is cancelled, and raises what the engine raised."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    async def transcript(self) -> Transcript:
        """The result alone."""
        async for event in self.events():
            if isinstance(event, Result):
                return event.transcript
        raise InternalError("The transcription was cancelled.")

    def cancel(self) -> None:
        """Ends the job: at once if it waits, else when the engine next looks; one that has ended stays so."""
        self._stopped.set()
        if not self._working:
            self._task.cancel()

    async def _run(self) -> None:
        waiting = time.monotonic()
        async with self._models.free:
            self._tools.metrics.took("wait", time.monotonic() - waiting)
            self._working = True
            await self._models.run(self._work)

    def _end(self, task: asyncio.Future[None]) -> None:
        self._holding.close()
        failure = None if task.cancelled() else task.exception()
        self._events.put_nowait(failure if isinstance(failure, Exception) else None)

    def _work(self) -> None:
        loop = self._task.get_loop()

        def emit(event: TranscribeEvent) -> None:
            if isinstance(event, Result):
                self._count(event.transcript, time.monotonic() - began)
            loop.call_soon_threadsafe(self._events.put_nowait, event)

        began = time.monotonic()
        try:
            Transcription(self._pcm, self._tools, self._options, emit, self._stopped.is_set).run()
        except CancelledTranscriptionError:
            return
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            _log.warning("out of memory: %s", error)
        else:
            return
        # Outside of the handler: the error's traceback would keep what took the memory.
        release_memory()
        raise OutOfMemoryError("The memory did not suffice. Use a smaller model or a larger machine.")

    def _count(self, transcript: Transcript, seconds: float) -> None:
        # Work may begin a millisecond behind the end: times are rounded.
        heard = max(transcript.duration - self._options.start_at, 0.0)
        self._tools.metrics.transcribed(heard, seconds)
        for loss in transcript.degraded:
            self._tools.metrics.degraded(loss.stage)
