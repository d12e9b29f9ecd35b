"""Channels kept beside their mix: each is whole, in its place, and only those with sound are there."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spotscribe_audio.audio import recording
from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_common.errors import AudioTooLongError, DiskFullError, InvalidRequestError
from spotscribe_testing.media import ffmpeg, wav


async def decoded(path: Path, **how: float) -> Pcm:
    with path.open("rb") as file:
        return await decode(file, max_seconds=how.get("most", 3600), scratch=path.parent, separate=True)


def tones(path: Path, hertz: Sequence[int], *options: str, seconds: float = 5) -> Path:
    """A recording with a tone on each channel, or silence for 0 Hz."""
    sounds = [f"0.3*sin(2*PI*{each}*t)" if each else "0" for each in hertz]
    source = f"aevalsrc={'|'.join(sounds)}:d={seconds}:s=16000"
    ffmpeg("-f", "lavfi", "-i", source, *options, path)
    return path


def pitch(pcm: Pcm, start: float, end: float) -> int:
    """The loudest frequency in Hz; 0 in silence."""
    samples = pcm.read(start, end).astype(float)
    found = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return round(float(found.argmax()) * SAMPLE_RATE / len(samples)) if samples.any() else 0


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.opus", "a.m4a", "a.mp3"])
async def test_each_channel_is_kept_with_its_number_beside_the_mix(name: str, tmp_path: Path) -> None:
    pcm = await decoded(tones(tmp_path / name, [400, 1000]))
    assert [channel.number for channel in pcm.channels] == [1, 2]
    assert [pitch(channel.pcm, 1, 4) for channel in pcm.channels] == [400, 1000]
    assert {channel.pcm.samples for channel in pcm.channels} == {pcm.samples}
    pcm.close()


async def test_without_the_wish_no_channel_is_kept(tmp_path: Path) -> None:
    with tones(tmp_path / "a.wav", [400, 1000]).open("rb") as file:
        pcm = await decode(file, max_seconds=3600, scratch=tmp_path)
    assert list(pcm.channels) == []
    pcm.close()


async def test_silent_channels_are_left_out_also_with_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    ffmpeg("-f", "lavfi", "-i", "aevalsrc=0|0.3*sin(2500*t)|0.2|0.3*sin(5000*t):d=4:s=16000:c=quad", path)
    pcm = await decoded(path)
    assert [channel.number for channel in pcm.channels] == [2, 4]
    pcm.close()


async def test_a_mono_recording_has_one_channel(tmp_path: Path) -> None:
    pcm = await decoded(tones(tmp_path / "a.wav", [400]))
    assert [channel.number for channel in pcm.channels] == [1]
    pcm.close()


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac"])
async def test_joined_recordings_may_differ_in_their_channels(name: str, tmp_path: Path) -> None:
    kinds = ([400], [800, 1200], [2000])
    parts = [tones(tmp_path / f"{at}-{name}", each).read_bytes() for at, each in enumerate(kinds)]
    path = tmp_path / name
    path.write_bytes(b"".join(parts))
    pcm = await decoded(path)
    first, second = (channel.pcm for channel in pcm.channels)
    assert [pitch(first, at, at + 3) for at in (1, 6, 11)] == [400, 800, 2000]
    assert [pitch(second, at, at + 3) for at in (1, 6)] == [0, 1200]
    assert first.samples == second.samples == pcm.samples
    pcm.close()


async def test_more_channels_than_are_kept_are_refused(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", np.ones((SAMPLE_RATE, 65), np.int16))
    with pytest.raises(InvalidRequestError, match=r"65 channels: at most 64.*Set channels to mixed"):
        await decoded(path)


async def test_a_recording_that_is_too_long_leaves_no_file_open(tmp_path: Path) -> None:
    path = tones(tmp_path / "a.wav", [400, 1000], seconds=8)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(AudioTooLongError):
        await decoded(path, most=5)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_the_disk_must_hold_every_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tones(tmp_path / "a.wav", [400, 1000], seconds=60)
    room = (64 << 20) + 2 * 60 * SAMPLE_RATE * 2
    usage = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=room))
    monkeypatch.setattr(recording, "shutil", usage)
    with pytest.raises(DiskFullError):
        await decoded(path)
    with path.open("rb") as file:
        (await decode(file, max_seconds=3600, scratch=tmp_path)).close()
