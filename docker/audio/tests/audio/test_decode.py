"""Decoding: what is accepted becomes 16 kHz mono, what is not is refused by its code, and nothing grows."""

import asyncio
import errno
import random
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spotscribe_audio.audio import bounded_process
from spotscribe_audio.audio import recording as recording_module
from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.errors import (
    AudioTooLongError,
    BadAudioError,
    DiskFullError,
    InternalError,
    UnsupportedMediaError,
)
from spotscribe_testing.media import ffmpeg, film, silence, tone

HOUR = 3600.0


async def decoded(path: Path, scratch: Path, *, max_seconds: float = HOUR) -> Pcm:
    with path.open("rb") as file:
        return await decode(file, max_seconds=max_seconds, scratch=scratch)


async def refused(error: type[Exception], path: Path, scratch: Path, **options: Any) -> str:
    with pytest.raises(error) as raised:
        await decoded(path, scratch, **options)
    assert list(scratch.iterdir()) == [], "something was left on the scratch disk"
    return str(raised.value)


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    path = tmp_path / "scratch"
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", ["-ar", "44100", "-ac", "2"]),
        ("a.wav", ["-ar", "192000", "-ac", "8"]),
        ("a.mp3", []),
        ("a.flac", []),
        ("a.ogg", []),
        ("a.opus", ["-ar", "48000"]),
        ("a.m4a", []),
        ("fragmented.m4a", ["-movflags", "frag_keyframe+empty_moov"]),
        ("a.webm", ["-ar", "48000"]),
        ("a.mka", []),
        ("a.aiff", []),
        ("a.caf", []),
        ("a.au", []),
    ],
)
async def test_every_common_format_becomes_16_khz_mono(
    name: str, options: list[str], tmp_path: Path, scratch: Path
) -> None:
    source = tone(tmp_path / name, 3, *options).rename(tmp_path / "input")
    pcm = await decoded(source, scratch)
    assert pcm.duration == pytest.approx(3, abs=0.1)
    samples = pcm.read(1, 2).astype(float)
    crossings = ((samples[:-1] < 0) & (samples[1:] >= 0)).sum()
    assert len(samples) == 16_000
    assert crossings == pytest.approx(440, abs=3), "not the tone that was encoded"
    pcm.close()


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi"])
async def test_the_sound_of_a_film_is_taken_also_if_it_ends_before_the_picture(
    name: str, tmp_path: Path, scratch: Path
) -> None:
    pcm = await decoded(film(tmp_path / name, 8, sound_seconds=4), scratch)
    assert pcm.duration == pytest.approx(4, abs=0.2)
    pcm.close()


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
async def test_sound_that_begins_after_the_picture_keeps_its_place(
    name: str, tmp_path: Path, scratch: Path
) -> None:
    path = tmp_path / name
    picture, sound = "testsrc=size=160x120:rate=10:duration=8", "sine=frequency=440:duration=3"
    ffmpeg("-f", "lavfi", "-i", picture, "-itsoffset", "4", "-f", "lavfi", "-i", sound, path)
    pcm = await decoded(path, scratch)
    assert pcm.duration == pytest.approx(7, abs=0.2)
    assert not pcm.read(0, 3.8).any()
    pcm.close()


async def test_what_follows_a_change_of_channels_is_not_late(tmp_path: Path, scratch: Path) -> None:
    parts = [tone(tmp_path / f"{n}.mp3", 5, "-ac", str(n)).read_bytes() for n in (2, 1, 2)]
    joined = tmp_path / "joined"
    joined.write_bytes(b"".join(parts))
    pcm = await decoded(joined, scratch)
    assert pcm.duration == pytest.approx(15, abs=0.3)
    pcm.close()


@pytest.mark.parametrize("name", ["a.opus", "a.ogg", "a.flac", "a.mka", "film.mkv", "film.mp4"])
@pytest.mark.parametrize("tag", ["DURATION", "title"])
async def test_a_long_tag_is_no_reason_to_refuse_a_file(
    name: str, tag: str, tmp_path: Path, scratch: Path
) -> None:
    source = film(tmp_path / name, 3, sound_seconds=3) if "film" in name else tone(tmp_path / name, 3)
    tags, tagged = tmp_path / "tags", tmp_path / f"tagged-{name}"
    tags.write_text(f";FFMETADATA1\n{tag}={'9' * 1_200_000}\n")
    ffmpeg("-i", source, "-i", tags, "-map_metadata:s:a", "1", "-map_metadata", "1", "-c", "copy", tagged)
    pcm = await decoded(tagged, scratch)
    assert pcm.duration == pytest.approx(3, abs=0.1)
    pcm.close()


@pytest.mark.parametrize("hours", ["9" * 400, "9" * 5000, "\u0665" * 7, "-1", "x"])
async def test_a_tag_that_states_no_length_is_ignored(hours: str, tmp_path: Path, scratch: Path) -> None:
    path, tags, tagged = (
        film(tmp_path / "a.mkv", 2, sound_seconds=2),
        tmp_path / "tags",
        tmp_path / "tagged.mkv",
    )
    stated = f"{hours}:00:00.000000000"
    # The muxer writes a tag with the true length, which is renamed.
    tags.write_text(f";FFMETADATA1\nDURATIOX={stated}\n")
    ffmpeg("-i", path, "-i", tags, "-map_metadata:s:a", "1", "-c", "copy", tagged)
    content = tagged.read_bytes()
    assert content.count(b"DURATIOX") == 1
    tagged.write_bytes(content.replace(b"DURATION", b"DURATIOY").replace(b"DURATIOX", b"DURATION"))
    pcm = await decoded(tagged, scratch)
    assert pcm.duration == pytest.approx(2, abs=0.1)
    pcm.close()


async def test_a_description_that_is_cut_off_is_bad_audio(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_process, "_OUTPUT_CAP", 100)
    said = await refused(BadAudioError, tone(tmp_path / "a.wav", 1), scratch)
    assert "malformed or too long" in said


async def test_a_wav_written_by_a_stream_does_not_know_its_length_and_is_no_less_whole(
    tmp_path: Path, scratch: Path
) -> None:
    path = tone(tmp_path / "a.wav", 3)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    pcm = await decoded(path, scratch)
    assert pcm.duration == pytest.approx(3)
    pcm.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"This is a text file, whatever its name says.\n" * 100, "could not be probed"),
        (random.Random(7).randbytes(100_000), "could not be"),
        (b"RIFF\x24\x00\x00\x00WAVE", "could not be"),
        (b"RIFF\x24\x00\x00\x00WAVEdata\x00\x00\x00\x00", "could not be"),
    ],
    ids=["zero-bytes", "text", "noise", "half-a-header", "no-format"],
)
async def test_what_is_no_audio_is_bad_audio_whatever_its_name(
    content: bytes, said: str, tmp_path: Path, scratch: Path
) -> None:
    path = tmp_path / "speech.mp3"
    path.write_bytes(content)
    assert said in await refused(BadAudioError, path, scratch)


async def test_a_film_without_sound_is_bad_audio(tmp_path: Path, scratch: Path) -> None:
    silent = tmp_path / "silent.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=2", silent)
    assert "no audio stream" in await refused(BadAudioError, silent, scratch)


async def test_a_picture_is_an_unsupported_type(tmp_path: Path, scratch: Path) -> None:
    picture = tmp_path / "speech.mp3.png"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-frames:v", "1", picture)
    assert "Accepted are" in await refused(UnsupportedMediaError, picture, scratch)


@pytest.mark.parametrize("name", ["a.wav", "a.ogg", "a.mp3"])
async def test_audio_beyond_the_cap_is_too_long(name: str, tmp_path: Path, scratch: Path) -> None:
    said = await refused(AudioTooLongError, tone(tmp_path / name, 20), scratch, max_seconds=10)
    assert "at most 10 s" in said


async def test_audio_as_long_as_the_cap_is_accepted(tmp_path: Path, scratch: Path) -> None:
    (await decoded(tone(tmp_path / "a.flac", 10), scratch, max_seconds=10)).close()


async def test_hours_of_silence_in_a_tiny_opus_file_are_refused_before_anything_is_decoded(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = silence(tmp_path / "silence.opus", 3 * HOUR, "-c:a", "libopus", "-b:a", "500")
    assert bomb.stat().st_size < 4 << 20
    monkeypatch.setattr(recording_module, "decode_command", lambda *_: pytest.fail("decoded"))
    assert "10800 s long" in await refused(AudioTooLongError, bomb, scratch)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("silence.mp3", ["-b:a", "8k", "-write_xing", "0"]),
        ("silence.webm", ["-ar", "48000", "-c:a", "libopus", "-b:a", "500", "-live", "1"]),
    ],
)
async def test_hours_of_silence_that_state_no_length_are_refused_before_anything_is_decoded(
    name: str, options: list[str], tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = silence(tmp_path / name, 3 * HOUR, *options)
    monkeypatch.setattr(recording_module, "decode_command", lambda *_: pytest.fail("decoded"))
    assert "The audio is 1080" in await refused(AudioTooLongError, bomb, scratch)


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files whose length is found by decoding alone."""

    async def unknown(*_: Any) -> float:
        return 0.0

    monkeypatch.setattr(recording_module.Recording, "_measured", unknown)


@pytest.mark.usefixtures("unmeasured")
async def test_a_file_that_is_longer_than_it_seems_cannot_fill_the_disk(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = silence(tmp_path / "silence.mp3", HOUR, "-b:a", "8k", "-write_xing", "0")
    cap = 60.0
    written: list[int] = []
    run = recording_module.run_bounded

    async def measuring(*arguments: Any, **options: Any) -> Any:
        ended = await run(*arguments, **options)
        if "progress" in options:
            written.append(options["progress"]())
        return ended

    monkeypatch.setattr(recording_module, "run_bounded", measuring)
    await refused(AudioTooLongError, bomb, scratch, max_seconds=cap)
    assert 0 < written[0] <= (cap + 1) * 32_000


@pytest.mark.usefixtures("unmeasured")
async def test_the_disk_limit_holds_even_if_ffmpeg_ignores_the_length(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_module, "decode_command", lambda name, *_: [
        "ffmpeg", "-v", "error", "-i", name, "-f", "s16le", "pipe:1",
    ])  # fmt: skip
    # A file with so many channels that ffmpeg itself mixes and writes.
    monkeypatch.setattr(recording_module, "is_mixed", lambda _: False)
    await refused(BadAudioError, tone(tmp_path / "a.mp3", 600), scratch, max_seconds=5)


async def test_a_full_disk_is_ours_and_worth_a_retry(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(scratch)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    assert "scratch disk has 1 MiB free" in await refused(DiskFullError, tone(tmp_path / "a.wav", 1), scratch)


async def test_without_ffmpeg_the_error_says_what_to_install(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tone(tmp_path / "a.wav", 1)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "ffprobe is not on PATH" in await refused(InternalError, source, scratch)


async def test_a_cancelled_decode_leaves_no_process_and_no_file(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_module, "decode_command", lambda *_: ["sleep", "987654"])
    task = asyncio.ensure_future(decoded(tone(tmp_path / "a.wav", 1), scratch))
    await _eventually(lambda: _processes("987654") == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert _processes("987654") == 0
    assert list(scratch.iterdir()) == []


async def test_a_decoder_that_does_not_get_on_is_ended_and_the_file_is_not_to_blame(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = recording_module.decode_bounds(HOUR)
    monkeypatch.setattr(recording_module, "decode_bounds", lambda _: replace(bounds, stall_seconds=0.5))
    monkeypatch.setattr(recording_module, "decode_command", lambda *_: ["sleep", "876543"])
    said = await refused(InternalError, tone(tmp_path / "a.wav", 1), scratch)
    assert said == "sleep got no further for 0.5 s."
    assert _processes("876543") == 0


async def test_a_decoder_that_computes_without_getting_on_has_a_damaged_file(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = recording_module.decode_bounds(HOUR)
    monkeypatch.setattr(recording_module, "decode_bounds", lambda _: replace(bounds, stall_seconds=1.0))
    monkeypatch.setattr(recording_module, "decode_command", lambda *_: ["sh", "-c", "while :; do :; done"])
    said = await refused(BadAudioError, tone(tmp_path / "a.wav", 1), scratch)
    assert said == "The file is damaged: sh computed for 1 s without any audio."


async def test_several_channels_that_find_the_disk_full_are_no_fault_of_the_file(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(recording_module.MixedFile, "take", full)
    said = await refused(DiskFullError, tone(tmp_path / "a.wav", 1, "-ac", "2"), scratch)
    assert said == "The scratch disk is full."


@pytest.mark.usefixtures("unmeasured")
async def test_several_channels_of_which_more_comes_than_may_do_not_fill_the_disk(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = recording_module.decode_command
    monkeypatch.setattr(recording_module, "decode_command", lambda name, _, *more: command(name, HOUR, *more))
    said = await refused(AudioTooLongError, tone(tmp_path / "a.mp3", 60, "-ac", "2"), scratch, max_seconds=5)
    assert "longer" in said


def _processes(argument: str) -> int:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        # Others' processes come and go meanwhile.
        with suppress(FileNotFoundError, ProcessLookupError):
            lines.append(path.read_bytes())
    return sum(line.split(b"\0")[1:2] == [argument.encode()] for line in lines)


async def _eventually(condition: Any) -> None:
    async with asyncio.timeout(120):
        while not condition():
            await asyncio.sleep(0.02)
