"""One transcription, from its wait for the engine to its last event."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack

from spotscribe_common.contract import Result, TranscribeEvent, Transcript
from spotscribe_common.errors import InternalError
from spotscribe_common.pcm import Pcm
from spotscribe_whisper.engines.engine import CancelledTranscriptionError, Engine
from spotscribe_whisper.threads import in_thread
from spotscribe_whisper.transcription import Options, transcribe


class Job:
    """Runs in a task of its own: it holds the engine until that has let go, whatever becomes of the request.

    Args:
        pcm: the decoded audio.
        engine: the engine, used while `engine_free` is held.
        engine_free: lock of the engine.
        options: what the caller chose.
        holding: what is closed when the job has ended: its audio, its place among those admitted.
    """

    def __init__(
        self,
        pcm: Pcm,
        engine: Engine,
        engine_free: asyncio.Lock,
        options: Options,
        holding: ExitStack,
    ) -> None:
        self._pcm = pcm
        self._engine = engine
        self._engine_free = engine_free
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
        async with self._engine_free:
            self._working = True
            await in_thread(self._work)

    def _end(self, task: asyncio.Future[None]) -> None:
        self._holding.close()
        failure = None if task.cancelled() else task.exception()
        self._events.put_nowait(failure if isinstance(failure, Exception) else None)

    def _work(self) -> None:
        loop = self._task.get_loop()
        try:
            for event in transcribe(self._pcm, self._engine, self._options, self._stopped.is_set):
                loop.call_soon_threadsafe(self._events.put_nowait, event)
        except CancelledTranscriptionError:
            return
