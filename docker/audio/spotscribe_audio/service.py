"""A model service whose work begins with a recording."""

import asyncio
import shutil
from contextlib import ExitStack, closing
from typing import BinaryIO

from fastapi import Request

from spotscribe_audio.audio.decode import Wanted, decode
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.metrics import AudioMetrics
from spotscribe_audio.settings import AudioSettings
from spotscribe_common.http.disconnect import while_connected
from spotscribe_common.work.engine import ServedEngine
from spotscribe_common.work.service import ModelService

# The next file is decoded while the engine is busy with this one, but not all that wait at once.
_DECODERS = 2
_PROGRAMS = ("ffmpeg", "ffprobe")


class AudioService(ModelService):
    """Decodes recordings for its engine.

    Args:
        settings: the service's.
        engine: not yet loaded.
        metrics: where its times are counted.
    """

    def __init__(self, settings: AudioSettings, engine: ServedEngine, metrics: AudioMetrics) -> None:
        super().__init__(settings, engine, metrics)
        self._longest = settings.max_audio_seconds
        self._scratch = settings.tmpdir
        self._decoder_free = asyncio.Semaphore(_DECODERS)

    @property
    def missing(self) -> str | None:
        """Which decoder is not installed, and how to install it."""
        missing = [program for program in _PROGRAMS if shutil.which(program) is None]
        return f"{' and '.join(missing)} not on PATH. Install ffmpeg." if missing else None

    async def decode(
        self,
        file: BinaryIO,
        max_seconds: float | None,
        wanted: Wanted | None = None,
    ) -> Pcm:
        """Decodes a file when a decoder is free; see :func:`spotscribe_audio.audio.decode.decode`."""
        track, separate = wanted or Wanted()
        async with self._decoder_free:
            with self._counted.timed("decode"):
                return await decode(
                    file,
                    max_seconds=self._longest if max_seconds is None else min(max_seconds, self._longest),
                    scratch=self._scratch,
                    track=track,
                    separate=separate,
                )

    async def decode_for(
        self,
        request: Request,
        file: BinaryIO,
        max_seconds: float | None,
        held: ExitStack,
        wanted: Wanted | None = None,
    ) -> Pcm:
        """As `decode`, for as long as the caller is there, who has sent the whole body. `held` closes it."""
        decoding = self.decode(file, max_seconds, wanted)
        return held.enter_context(closing(await while_connected(request.receive, decoding)))
