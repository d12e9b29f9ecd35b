"""The speech engine and the diarizer of a process, and the transcriptions that are let in to them."""

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.metrics import AudioMetrics
from spotscribe_audio.service import AudioService
from spotscribe_common.contract import Result, TranscribeEvent, Transcript
from spotscribe_common.http.http_errors import as_service_error
from spotscribe_common.work.job import Job
from spotscribe_common.work.lanes import Lanes
from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.options import Options
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer
from spotscribe_whisper.transcription import Tools, Transcription

_log = logging.getLogger(__name__)


class TranscriptionService(AudioService):
    """Runs one long transcription at a time, and short ones beside it if the engine can share batches."""

    def __init__(self, settings: Settings, engine: Engine, diarizer: Diarizer) -> None:
        self.settings = settings
        self.engine = engine
        self.diarizer = diarizer
        # Why there are no speakers; None if there are.
        self.diarization_failure: str | None = None
        self.metrics = AudioMetrics("transcribed", "recognition, alignment, diarization")
        super().__init__(settings, engine, self.metrics)
        self._lanes = Lanes(self.models, 0)

    def prepare(self) -> None:
        """Imports what the engine and the diarizer need."""
        super().prepare()
        with suppress(Exception):
            self.diarizer.prepare()

    async def load_more(self) -> None:
        """Loads the diarizer. Without one, transcripts are delivered without speakers."""
        sharing = self.engine.share(self.models.do)
        if sharing is not None:
            self._lanes = Lanes(self.models, sharing.seconds)
            self.admission.running = sharing.recordings
        try:
            await self.models.run(self.diarizer.load)
        except Exception as error:
            self.diarization_failure = as_service_error(error).message
            _log.warning("no diarization: %s", self.diarization_failure)

    def start(self, pcm: Pcm, options: Options, holding: ExitStack) -> Job[TranscribeEvent]:
        """Starts a transcription, which waits for the engine. `holding` is closed when it has ended."""
        tools = Tools(self.engine, self.diarizer, self.metrics, self.models.do)

        def work(emit: Callable[[TranscribeEvent], None], cancelled: Callable[[], bool]) -> None:
            def counted(event: TranscribeEvent) -> None:
                if isinstance(event, Result):
                    self._count(event.transcript, options, time.monotonic() - began)
                emit(event)

            began = time.monotonic()
            Transcription(pcm, tools, options, counted, cancelled).run()

        # Each channel is work of its own.
        seconds = (pcm.duration - options.start_at) * max(len(pcm.channels), 1)
        return self.job(work, holding, self._lanes.lane(seconds))

    def _count(self, transcript: Transcript, options: Options, seconds: float) -> None:
        # Work may begin a millisecond behind the end: times are rounded.
        self.metrics.heard(max(transcript.duration - options.start_at, 0.0), seconds)
        for loss in transcript.degraded:
            self.metrics.degraded(loss.stage)
