"""The one engine of a process, its state, and the work that is let in to it."""

import asyncio
import logging
from contextlib import ExitStack
from typing import BinaryIO, Literal

from spotscribe_common.admission import Admission
from spotscribe_common.decode import decode
from spotscribe_common.errors import InvalidRequestError, ModelMissingError
from spotscribe_common.http_errors import as_service_error
from spotscribe_common.pcm import Pcm
from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.job import Job
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.threads import in_thread
from spotscribe_whisper.transcription import Options

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 10
# The next file is decoded while the engine is busy with this one, but not all that wait at once.
_DECODERS = 2


class TranscriptionService:
    """Loads the engine in the background and runs one transcription at a time."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings = settings
        self.engine = engine
        self.status: Literal["loading", "ok", "failed"] = "loading"
        self.failure: str | None = None
        self.admission = Admission(running=1, waiting=settings.max_waiting, retry_after=_RETRY_SECONDS)
        self._engine_free = asyncio.Lock()
        self._decoder_free = asyncio.Semaphore(_DECODERS)

    async def load(self) -> None:
        """Loads the engine. A failure is kept for `/health`: the process stays up to be asked why."""
        try:
            await in_thread(self.engine.load)
        except Exception as error:
            self.failure = as_service_error(error).message
            self.status = "failed"
            _log.error("engine %s failed to load: %s", self.engine.name, self.failure)
        else:
            self.status = "ok"
            _log.info("engine %s loaded model %s", self.engine.name, self.engine.model)

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

    def check_language(self, language: str | None) -> None:
        """Refuses a language that the engine does not know.

        Raises:
            InvalidRequestError: with the languages that it knows.
        """
        known = self.engine.languages()
        if language is not None and language not in known:
            raise InvalidRequestError(
                f"language {language!r} is not known to {self.engine.name}. "
                f"Known: {', '.join(sorted(known))}.",
                param="language",
            )

    async def decode(self, file: BinaryIO, max_seconds: float | None) -> Pcm:
        """Decodes a file when a decoder is free; see :func:`spotscribe_common.decode.decode`."""
        cap = self.settings.max_audio_seconds
        async with self._decoder_free:
            return await decode(
                file,
                max_seconds=cap if max_seconds is None else min(max_seconds, cap),
                scratch=self.settings.tmpdir,
            )

    def start(self, pcm: Pcm, options: Options, holding: ExitStack) -> Job:
        """Starts a transcription, which waits for the engine. `holding` is closed when it has ended."""
        return Job(pcm, self.engine, self._engine_free, options, holding)
