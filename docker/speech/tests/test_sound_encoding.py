"""Speech becomes encoded bytes while it is spoken."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spotscribe_common.contract import SpeechFormat
from spotscribe_common.errors import InternalError
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.encoding import encoded
from spotscribe_speech.sound.formats import CODECS
from spotscribe_testing.service.live_server import PATIENCE_SECONDS
from spotscribe_testing.sounds import RATE, decoded, tone

FORMATS: list[SpeechFormat] = ["mp3", "opus", "aac", "flac", "wav", "pcm"]
BY_FFMPEG: list[SpeechFormat] = ["mp3", "opus", "aac", "flac"]
SENTENCES = [tone(0.7, 200), tone(1.3, 300), tone(0.4, 400), tone(1.1, 500)]
# Two frames of the encoder, and what it puts before the first one.
SLACK = {"mp3": 3 * 576, "opus": 2 * 480, "aac": 3 * 1024, "flac": 0, "wav": 0, "pcm": 0}
# What the encoder still holds of the last sentence, at most. A pause follows it, which is longer.
HELD_SECONDS = 0.25


class Speaker:
    """Says one sentence after the other, each when it is asked for."""

    def __init__(self, sentences: Sequence[Samples]) -> None:
        self.sentences = sentences
        self.said = 0
        self.closed = False
        self.go = asyncio.Semaphore(1000)

    async def speak(self) -> AsyncGenerator[Samples, None]:
        try:
            for sentence in self.sentences:
                await self.go.acquire()
                self.said += 1
                yield sentence
        finally:
            self.closed = True


def as_read(format_: str, data: bytes, rate: int = RATE) -> Samples:
    raw = ("-f", "s16le", "-ar", str(rate), "-ac", "1") if format_ == "pcm" else ()
    return decoded(data, *raw, rate=rate)


def is_there(pid: int) -> bool:
    """Also of a process that has ended and that nobody has waited for."""
    return Path(f"/proc/{pid}").exists()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Process ids of the encoders."""
    found: list[int] = []
    start = asyncio.create_subprocess_exec

    async def noted(*arguments: str, **options: int) -> asyncio.subprocess.Process:
        process = await start(*arguments, **options)
        found.append(process.pid)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    return found


async def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        await asyncio.sleep(0.02)


async def read_all(stream: AsyncIterator[bytes], take: Callable[[bytes], object] = len) -> None:
    async for part in stream:
        take(part)


async def whole(format_: SpeechFormat, sentences: Sequence[Samples] = SENTENCES, rate: int = RATE) -> bytes:
    return b"".join([part async for part in encoded(Speaker(sentences).speak(), format_, rate)])


@pytest.mark.parametrize("format_", FORMATS)
async def test_all_samples_are_in_the_stream(format_: SpeechFormat) -> None:
    spoken = np.concatenate(SENTENCES)
    found = as_read(format_, await whole(format_))
    assert 0 <= found.size - spoken.size <= SLACK[format_]
    if SLACK[format_] == 0:
        assert np.abs(found - spoken).max() < 1 / 32000
    # The tones follow each other in their order.
    for place, hertz in ((0.35, 200), (1.4, 300), (2.2, 400), (3.0, 500)):
        piece = found[round((place - 0.1) * RATE) : round((place + 0.1) * RATE)]
        strongest = np.abs(np.fft.rfft(piece * np.hanning(piece.size))).argmax() * RATE / piece.size
        assert strongest == pytest.approx(hertz, abs=6)


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_stream_cut_after_any_sentence_holds_what_was_said(format_: SpeechFormat) -> None:
    speaker = Speaker(SENTENCES)
    speaker.go = asyncio.Semaphore(0)
    got = bytearray()
    looked_at = 0

    async def read() -> None:
        async with aclosing(encoded(speaker.speak(), format_, RATE)) as stream:
            await read_all(stream, got.extend)

    def holds(samples: float) -> bool:
        nonlocal looked_at
        if len(got) == looked_at:
            return False
        looked_at = len(got)
        # A header alone is no file.
        with suppress(subprocess.CalledProcessError):
            return as_read(format_, bytes(got)).size >= samples
        return False

    reading = asyncio.ensure_future(read())
    said = 0
    for sentence in SENTENCES:
        speaker.go.release()
        said += sentence.size
        enough = said - HELD_SECONDS * RATE
        await until(lambda: holds(enough), f"{said / RATE} s are out")  # noqa: B023 - called at once
    reading.cancel()
    await asyncio.wait({reading})


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000, 17_000])
@pytest.mark.parametrize("format_", FORMATS)
async def test_any_sample_rate(format_: SpeechFormat, rate: int) -> None:
    found = as_read(format_, await whole(format_, [tone(1, 300, rate=rate)], rate), rate)
    # Frames are longer where the rate is low.
    assert 0.999 * rate <= found.size <= 1.17 * rate


@pytest.mark.parametrize("format_", FORMATS)
async def test_nothing_spoken_is_no_error(format_: SpeechFormat) -> None:
    assert len(await whole(format_, [])) < 10_000


@pytest.mark.parametrize("format_", ["wav", "mp3"])
async def test_an_error_of_the_speaker_comes_after_what_was_said(
    format_: SpeechFormat, started: list[int]
) -> None:
    async def speak() -> AsyncGenerator[Samples, None]:
        yield SENTENCES[0]
        raise InternalError("The voice is gone.")

    got: list[bytes] = []
    with pytest.raises(InternalError, match="The voice is gone"):
        await read_all(encoded(speak(), format_, RATE), got.append)
    assert as_read(format_, b"".join(got)).size >= SENTENCES[0].size
    assert not any(is_there(pid) for pid in started)


@pytest.mark.parametrize("format_", BY_FFMPEG)
async def test_a_reader_that_leaves_ends_the_encoder_and_the_speaker(
    format_: SpeechFormat, started: list[int]
) -> None:
    speaker = Speaker([tone(1)] * 1000)
    async with aclosing(encoded(speaker.speak(), format_, RATE)) as stream:
        await anext(stream)
        assert is_there(started[0])
    assert not is_there(started[0])
    assert speaker.closed
    assert speaker.said < 1000


async def test_a_cancelled_reader_ends_the_encoder_while_the_speaker_is_silent(started: list[int]) -> None:
    speaker = Speaker(SENTENCES)
    speaker.go = asyncio.Semaphore(1)

    async def read() -> None:
        async with aclosing(encoded(speaker.speak(), "opus", RATE)) as stream:
            await read_all(stream)

    reading = asyncio.ensure_future(read())
    await until(lambda: speaker.said == 1, "the first sentence is said")
    reading.cancel()
    await asyncio.wait({reading})
    assert (reading.cancelled(), speaker.closed) == (True, True)
    assert not is_there(started[0])


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_reader_that_waits_holds_up_the_speaker(format_: SpeechFormat) -> None:
    # Four minutes of noise: more than the pipes hold in any format.
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, 4 * RATE).astype(np.float32)
    speaker = Speaker([noise] * 60)
    async with aclosing(encoded(speaker.speak(), format_, RATE)) as stream:
        got = len(await anext(stream))
        seen: list[int] = []

        def settled() -> bool:
            seen.append(speaker.said)
            return len(seen) > 50 and seen[-1] == seen[-50]

        await until(settled, "the speaker waits")
        assert speaker.said < 50
        got += sum([len(part) async for part in stream])
    assert speaker.said == 60
    assert got > 1_000_000


async def test_a_failure_of_ffmpeg_is_raised_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch, started: list[int]
) -> None:
    monkeypatch.setitem(CODECS, "mp3", replace(CODECS["mp3"], options=("-c:a", "no_such_encoder")))
    speaker = Speaker(SENTENCES)
    # It waits for its second sentence when ffmpeg ends.
    speaker.go = asyncio.Semaphore(1)
    with pytest.raises(InternalError, match=r"ffmpeg failed: .*no_such_encoder"):
        await read_all(encoded(speaker.speak(), "mp3", RATE))
    assert speaker.closed
    assert not is_there(started[0])


async def test_an_encoder_that_is_killed_is_an_error(started: list[int]) -> None:
    speaker = Speaker([tone(1)] * 1000)
    with pytest.raises(InternalError, match="ffmpeg failed: status -9"):
        await read_all(
            encoded(speaker.speak(), "mp3", RATE),
            lambda _: is_there(started[0]) and os.kill(started[0], signal.SIGKILL),
        )
    assert speaker.closed


async def test_without_ffmpeg_the_message_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InternalError, match="ffmpeg is not on PATH"):
        await whole("mp3")
    assert len(await whole("wav")) > 44
