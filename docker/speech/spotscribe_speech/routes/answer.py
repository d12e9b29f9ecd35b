"""Speech as the answer to a request, sent while it is made."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import ExitStack, aclosing, suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spotscribe_common.contract.speech import SpeechFormat
from spotscribe_common.http.disconnect import CallerGoneError, while_connected
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.requests.bodies import SpeechBody
from spotscribe_speech.routes.pieces import Pieces
from spotscribe_speech.service import SpeechService
from spotscribe_speech.sound.encoding import encoded
from spotscribe_speech.synthesis.live import Spoken, live

MEDIA_TYPES: dict[SpeechFormat, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
# A header's line should not be longer than proxies take.
_MOST_LEFT_OUT = 1000
# Proxies cut silent connections after a minute. Only events have words that mean nothing.
_KEEP_ALIVE_SECONDS = 15.0
# A player takes the audio as fast as it plays. A caller may be this much slower, in seconds: one that
# takes it more slowly would keep a place from others for as long as it likes.
PATIENCE_SECONDS = 120.0


def described(body: SpeechBody, spoken: Spoken, left_out: list[str]) -> dict[str, str]:
    """Headers about what is spoken. Text of a caller is escaped: headers are ASCII."""
    headers = {
        "Cache-Control": "no-store",
        "X-Spotscribe-Characters": str(len(body.input)),
        "X-Spotscribe-Voice": ascii(spoken.voice.id)[1:-1],
    }
    if body.instructions:
        headers["X-Spotscribe-Ignored"] = "instructions"
    if left_out:
        headers["X-Spotscribe-Degraded"] = "speech"
        headers["X-Spotscribe-Left-Out"] = ascii(" ".join(left_out))[1:-1][:_MOST_LEFT_OUT]
    return headers


class SpokenAnswer(Response):
    """Streams speech. Its first piece comes before the status: an error until then has a status of its own.

    Args:
        service: whose engine speaks.
        spoken: what.
        format_: of the audio.
        pieces: how it is written.
        held: what is closed at the end: its place among those admitted.
    """

    def __init__(
        self,
        service: SpeechService,
        spoken: Spoken,
        format_: SpeechFormat,
        pieces: Pieces,
        held: ExitStack,
    ) -> None:
        super().__init__(media_type=pieces.media_type or MEDIA_TYPES[format_])
        del self.headers["content-length"]
        self._service = service
        self._spoken = spoken
        self._format = format_
        self._pieces = pieces
        self._held = held
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answers the request. The work stops when the connection ends."""
        with self._held:
            try:
                await while_connected(receive, self._send_all(send))
            except CallerGoneError:
                if not self._begun:
                    raise

    async def _send_all(self, send: Send) -> None:
        began = time.monotonic()
        client = _Client(send)
        rate = self._service.engine.sample_rate
        async with aclosing(live(self._service, self._spoken)) as chunks:
            # Formats begin with a header, which comes before any speech.
            first = await anext(chunks)
            counted = _counted(first, chunks, lambda samples: client.owes(samples.size / rate))
            async with aclosing(encoded(counted, self._format, rate)) as audio:
                piece: bytes | None = await anext(audio)
                self._service.metrics.took("first", time.monotonic() - began)
                self._begun = True
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                try:
                    while piece is not None:
                        await client.take(self._pieces.piece(piece))
                        piece = await self._next(audio, client)
                    await client.take(self._pieces.end())
                except CallerGoneError:
                    raise
                except Exception as error:
                    said = self._pieces.failure(error)
                    if not said:
                        raise
                    await client.take(said)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self, audio: AsyncIterator[bytes], client: "_Client") -> bytes | None:
        """The next piece; None at the end. Meanwhile the connection is kept open."""
        coming = asyncio.ensure_future(anext(audio, None))
        try:
            while not (await asyncio.wait({coming}, timeout=_KEEP_ALIVE_SECONDS))[0]:
                if self._service.stuck_seconds is None:
                    await client.take(self._pieces.silence())
            return coming.result()
        finally:
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError):
                    await coming


class _Client:
    """Takes the pieces, no more slowly than they play and :data:`PATIENCE_SECONDS`."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._left = PATIENCE_SECONDS

    def owes(self, seconds: float) -> None:
        """So much more audio is on its way to it."""
        self._left += seconds

    async def take(self, piece: bytes) -> None:
        """Raises a CallerGoneError if it is too slow."""
        if not piece:
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._left):
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        except TimeoutError:
            raise CallerGoneError from None
        finally:
            self._left -= time.monotonic() - began


async def _counted(
    first: Samples, others: AsyncIterator[Samples], count: Callable[[Samples], None]
) -> AsyncGenerator[Samples, None]:
    count(first)
    yield first
    async for samples in others:
        count(samples)
        yield samples
