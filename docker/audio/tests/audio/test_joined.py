"""Files that hold several recordings, of which rate and channels may differ: all is heard, at its time."""

from pathlib import Path

import numpy as np
import pytest

from spotscribe_audio.audio import headers, joins
from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_testing.media import ffmpeg

# Seconds of each recording, and the frequency by which it is known.
LENGTH, TONES = 6, (400, 800, 1600)
FRAGMENTS = ("-movflags", "frag_keyframe+empty_moov")
ANY_RATE = (44_100, 48_000, 22_050)
# Rates of recordings, and options.
KINDS: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "a.aac": (ANY_RATE, ()),
    "a.mp3": (ANY_RATE, ()),
    "a.ac3": ((44_100, 48_000, 32_000), ()),
    "a.eac3": ((44_100, 48_000, 32_000), ()),
    "a.flac": (ANY_RATE, ()),
    "a.wv": (ANY_RATE, ()),
    "a.tta": (ANY_RATE, ()),
    "a.ts": (ANY_RATE, ("-c:a", "aac")),
    "a.wav": (ANY_RATE, ()),
    "a.aiff": (ANY_RATE, ()),
    "a.w64": (ANY_RATE, ()),
    "a.m4a": (ANY_RATE, ()),
    "fragments.m4a": (ANY_RATE, FRAGMENTS),
    "a.opus": ((48_000,) * 3, ()),
    "a.webm": ((48_000,) * 3, ()),
    "live.webm": ((48_000,) * 3, ("-live", "1")),
    "a.mka": (ANY_RATE, ()),
}


async def decoded(path: Path) -> Pcm:
    with path.open("rb") as file:
        return await decode(file, max_seconds=3600, scratch=path.parent)


def joined(path: Path, rates: tuple[int, ...], options: tuple[str, ...], channels: tuple[int, ...]) -> Path:
    parts = []
    for rate, count, pitch in zip(rates, channels, TONES, strict=True):
        part = path.with_stem(f"{path.stem}-{pitch}")
        sine = f"sine=frequency={pitch}:sample_rate={rate}:duration={LENGTH}"
        ffmpeg("-f", "lavfi", "-i", sine, "-ac", str(count), *options, part)
        parts.append(part.read_bytes())
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("channels", [(1, 1, 1), (2, 1, 2)], ids=["mono", "changing"])
@pytest.mark.parametrize("name", KINDS)
async def test_each_recording_is_heard_in_its_place(
    name: str, channels: tuple[int, ...], tmp_path: Path
) -> None:
    pcm = await decoded(joined(tmp_path / name, *KINDS[name], channels))
    assert pcm.duration == pytest.approx(len(TONES) * LENGTH, abs=0.3)
    for number, pitch in enumerate(TONES):
        samples = pcm.read(number * LENGTH + 2, number * LENGTH + 4).astype(float)
        assert len(samples) == 2 * SAMPLE_RATE
        loudest = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax() / 2
        assert loudest == pytest.approx(pitch, rel=0.01)
    pcm.close()


async def test_a_gap_in_the_time_stamps_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "gap.mka"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=9", "-af", "aselect=lt(t\\,3)+gt(t\\,6)", path)
    pcm = await decoded(path)
    assert pcm.duration == pytest.approx(9, abs=0.2)
    assert not pcm.read(3.5, 5.5).any()
    pcm.close()


async def test_recordings_beyond_the_most_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from spotscribe_audio.audio import recording

    for module in (headers, joins, recording):
        monkeypatch.setattr(module, "MOST_PARTS", 2)
    for name in ("a.wav", "a.flac"):
        pcm = await decoded(joined(tmp_path / name, *KINDS[name], (1, 1, 1)))
        assert pcm.duration == pytest.approx(2 * LENGTH, abs=0.1)
        assert [loss.reason for loss in pcm.degraded] == [
            "Only the first 2 recordings in the file were decoded."
        ]
        pcm.close()


async def test_a_second_recording_that_is_damaged_is_told(tmp_path: Path) -> None:
    path = joined(tmp_path / "a.wav", *KINDS["a.wav"], (1, 1, 1))
    content = path.read_bytes()
    at = content.rindex(b"fmt ")
    path.write_bytes(content[: at + 8] + bytes(16) + content[at + 24 :])
    pcm = await decoded(path)
    assert pcm.duration == pytest.approx(2 * LENGTH, abs=0.1)
    assert "Recording 3 of 3 in the file is missing" in pcm.degraded[0].reason
    pcm.close()


@pytest.mark.parametrize("block", [1, 7, 1000])
async def test_where_the_file_is_read_in_blocks_changes_nothing(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes((b"fLaC\0\0\0\x22" + bytes(999)) * 3)
    monkeypatch.setattr(joins, "_BLOCK", block)
    with path.open("rb") as file:
        assert [(part.start, part.end) for part in joins.joined(file)] == [
            (0, 1007),
            (1007, 2014),
            (2014, 3021),
        ]
