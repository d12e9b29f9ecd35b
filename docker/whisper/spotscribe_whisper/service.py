"""The one engine of a process, its state, and the work that is let in to it."""

import asyncio
import logging
from contextlib import ExitStack
from typing import BinaryIO, Literal

from spotscribe_common.admission import Admission
from spotscribe_common.decode import decode
from spotscribe_common.errors import ModelMissingError
from spotscribe_common.http_errors import as_service_error
from spotscribe_common.pcm import Pcm
from spotscribe_whisper.engines.engine import Device, Engine
from spotscribe_whisper.job import Job
from spotscribe_whisper.metrics import Metrics
from spotscribe_whisper.model_thread import ModelThread
from spotscribe_whisper.options import Options
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer
from spotscribe_whisper.transcription import Tools

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 10
# The next file is decoded while the engine is busy with this one, but not all that wait at once.
_DECODERS = 2


class TranscriptionService:
    """Loads the engine in the background and runs one transcription at a time."""

    def __init__(self, settings: Settings, engine: Engine, diarizer: Diarizer) -> None:
        self.settings = settings
        self.engine = engine
        self.diarizer = diarizer
        self.status: Literal["loading", "ok", "failed"] = "loading"
        self.failure: str | None = None
        # Why there are no speakers; None if there are.
        self.diarization_failure: str | None = None
        self.metrics = Metrics()
        self.admission = Admission(running=1, waiting=settings.max_waiting, retry_after=_RETRY_SECONDS)
        self._models = ModelThread()
        self._decoder_free = asyncio.Semaphore(_DECODERS)
        self.metrics.gauge("spotscribe_queue_inside", "Requests let in.", lambda: self.admission.inside)
        self.metrics.gauge(
            "spotscribe_queue_limit", "Requests that are let in.", lambda: self.admission.limit
        )
        self.metrics.gauge("spotscribe_ready", "1 if the model is loaded.", lambda: self.status == "ok")
        self.metrics.watch_gpu(self.device)

    async def load(self) -> None:
        """Loads the engine, then the diarizer.

        A failure is kept for `/health`: the process stays up to be asked why. Without a diarizer, transcripts
        are delivered without speakers.
        """
        try:
            await self._models.run(self.engine.load)
        except Exception as error:
            self.failure = as_service_error(error).message
            self.status = "failed"
            _log.error("engine %s failed to load: %s", self.engine.name, self.failure)
            return
        try:
            await self._models.run(self.diarizer.load)
        except Exception as error:
            self.diarization_failure = as_service_error(error).message
            _log.warning("no diarization: %s", self.diarization_failure)
        self.status = "ok"
        _log.info("engine %s loaded model %s", self.engine.name, self.engine.model)

    def device(self) -> Device | None:
        """What the engine runs on; None before it is loaded."""
        return self.engine.device() if self.status == "ok" else None

    def check_ready(self) -> None:
        """Refuses work that cannot be done now.

        Raises:
            ModelMissingError: the engine is not loaded.
        """
        if self.status == "loading":
            raise ModelMissingError(
                f"The model {self.engine.model} is being loaded.", retry_after=_RETRY_SECONDS
            )
        if self.failure is not None:
            raise ModelMissingError(self.failure)

    async def decode(self, file: BinaryIO, max_seconds: float | None) -> Pcm:
        """Decodes a file when a decoder is free; see :func:`spotscribe_common.decode.decode`."""
        cap = self.settings.max_audio_seconds
        async with self._decoder_free:
            with self.metrics.timed("decode"):
                return await decode(
                    file,
                    max_seconds=cap if max_seconds is None else min(max_seconds, cap),
                    scratch=self.settings.tmpdir,
                )

    def start(self, pcm: Pcm, options: Options, holding: ExitStack) -> Job:
        """Starts a transcription, which waits for the engine. `holding` is closed when it has ended."""
        tools = Tools(self.engine, self.diarizer, self.metrics)
        return Job(pcm, tools, self._models, options, holding)

    def close(self) -> None:
        """Ends the models' thread when it has let go of what it does."""
        self._models.close()
