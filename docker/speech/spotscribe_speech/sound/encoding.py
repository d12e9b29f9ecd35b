"""Speech as a stream of encoded bytes, while it is spoken."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator

from spotscribe_common.contract import SpeechFormat
from spotscribe_common.process.limited import plain_environment
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.ffmpeg import command, failure, pcm_input
from spotscribe_speech.sound.formats import CODECS, Codec
from spotscribe_speech.sound.joining import as_pcm
from spotscribe_speech.sound.wav import wav_header

_READ_BYTES = 32 << 10
_COMPLAINT_BYTES = 2000


async def encoded(
    chunks: AsyncIterator[Samples], format_: SpeechFormat, sample_rate: int
) -> AsyncGenerator[bytes, None]:
    """Encodes chunks as they come. A slow reader delays the next chunk, and memory stays flat.

    What has come out at any time can be decoded; only the last frames are still in the encoder. Close it with
    `contextlib.aclosing`: this ends the encoder and closes `chunks`, if nobody reads to the end.

    Args:
        chunks: sentences with their pauses.
        format_: of the bytes. The header of `wav` does not state a length.
        sample_rate: of the chunks. For Opus, and for formats that lack this rate, it becomes 48 kHz.

    Raises:
        InternalError: ffmpeg failed, or is missing.
        Exception: what `chunks` raises, after the bytes of what came before.
    """
    codec = CODECS.get(format_)
    if codec is None:
        bytes_ = _plain(chunks, wav_header(sample_rate) if format_ == "wav" else b"")
    else:
        bytes_ = _by_ffmpeg(chunks, codec, sample_rate)
    try:
        async for each in bytes_:
            yield each
    finally:
        await bytes_.aclose()
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


async def _plain(chunks: AsyncIterator[Samples], header: bytes) -> AsyncGenerator[bytes, None]:
    if header:
        yield header
    async for chunk in chunks:
        yield as_pcm(chunk).tobytes()


async def _by_ffmpeg(
    chunks: AsyncIterator[Samples], codec: Codec, sample_rate: int
) -> AsyncGenerator[bytes, None]:
    output = [*codec.output(sample_rate), *codec.streamed, "-flush_packets", "1", "pipe:1"]
    process = await asyncio.create_subprocess_exec(
        *command(["-v", "error", *pcm_input(sample_rate), *output]),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=_READ_BYTES,
        start_new_session=True,
        env=plain_environment(),
    )
    feeding = asyncio.ensure_future(_feed(process, chunks))
    listening = asyncio.ensure_future(_last_words(process))
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        while read := await process.stdout.read(_READ_BYTES):
            yield read
        status = await process.wait()
        if feeding.done():
            feeding.result()
        if status != 0 or not feeding.done():
            raise failure(status, await listening)
    finally:
        if process.returncode is None:
            process.kill()
        feeding.cancel()
        await asyncio.wait({feeding, listening})
        await process.wait()


async def _feed(process: Process, chunks: AsyncIterator[Samples]) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    try:
        async for chunk in chunks:
            process.stdin.write(as_pcm(chunk).tobytes())
            await process.stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        # It has ended early: its status says why.
        return
    finally:
        process.stdin.close()


async def _last_words(process: Process) -> str:
    """The end of what it says; read to its end, because a full pipe would stop it."""
    said = b""
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    while read := await process.stderr.read(_COMPLAINT_BYTES):
        said = (said + read)[-_COMPLAINT_BYTES:]
    return said.decode(errors="replace")
