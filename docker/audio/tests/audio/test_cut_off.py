"""Recordings that a crash cut off: what is there is delivered, and reported as not all."""

import os
import re
from pathlib import Path

import pytest

from spotscribe_audio.audio import boxes, endings
from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.media import Media
from spotscribe_common.errors import BadAudioError
from spotscribe_testing.media import cut_off, film, tone

SECONDS = 20
FRAGMENTS = ["-movflags", "frag_keyframe+empty_moov", "-frag_duration", "1000000"]
KINDS = [
    ("a.wav", []),
    ("a.w64", []),
    ("a.aiff", []),
    ("a.caf", []),
    ("a.au", []),
    ("a.voc", []),
    ("a.flac", []),
    ("a.tta", []),
    ("a.wv", []),
    ("a.mp3", []),
    ("bare.mp3", ["-write_xing", "0"]),
    ("stereo.mp3", ["-write_xing", "0", "-ar", "44100", "-ac", "2", "-b:a", "128k"]),
    ("slow.mp3", ["-write_xing", "0", "-ar", "8000", "-q:a", "4"]),
    ("a.mp2", []),
    ("a.aac", []),
    ("a.ac3", ["-ar", "48000", "-b:a", "37k"]),
    ("a.ogg", []),
    ("a.opus", ["-ar", "48000"]),
    ("a.mka", []),
    ("a.webm", ["-ar", "48000"]),
    ("live.webm", ["-ar", "48000", "-live", "1"]),
    ("fast.m4a", ["-movflags", "faststart"]),
    ("fragments.m4a", FRAGMENTS),
    ("fast.mov", ["-movflags", "faststart", "-c:a", "pcm_s16le"]),
    ("a.avi", ["-ar", "44100"]),
    ("a.asf", ["-ar", "44100"]),
    ("a.flv", ["-ar", "44100"]),
    ("a.ts", []),
    ("a.mpg", ["-ar", "44100"]),
]


async def cut_and_heard(path: Path, share: float) -> tuple[float, list[str]]:
    with cut_off(path, share).open("rb") as file:
        pcm = await decode(file, max_seconds=3600, scratch=path.parent)
    found = pcm.duration, [loss.reason for loss in pcm.degraded if loss.stage == "audio"]
    pcm.close()
    return found


@pytest.mark.parametrize(("name", "options"), KINDS, ids=[name for name, _ in KINDS])
async def test_what_is_there_is_delivered_and_told_to_be_not_all(
    name: str, options: list[str], tmp_path: Path
) -> None:
    # Noise, so that the bytes are spread evenly.
    length, said = await cut_and_heard(tone(tmp_path / name, SECONDS, *options), 0.6001)
    assert 0.3 * SECONDS < length < 0.75 * SECONDS
    assert len(said) == 1
    assert re.search("ends early|may be missing", said[0])


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.avi"])
async def test_a_film_is_no_different(name: str, tmp_path: Path) -> None:
    path = film(tmp_path / name, SECONDS, sound_seconds=SECONDS)
    if name == "film.mp4":
        with pytest.raises(BadAudioError, match="no index"):
            await cut_and_heard(path, 0.6)
        return
    length, said = await cut_and_heard(path, 0.6)
    assert 0.3 * SECONDS < length < 0.75 * SECONDS
    assert "ends early" in said[0]


@pytest.mark.parametrize(("name", "options"), [("a.m4a", []), ("a.caf", ["-c:a", "alac"])])
async def test_without_its_index_the_error_says_what_is_missing(
    name: str, options: list[str], tmp_path: Path
) -> None:
    with pytest.raises(BadAudioError, match="no index: the recording was cut off"):
        await cut_and_heard(tone(tmp_path / name, SECONDS, *options), 0.6)


@pytest.mark.parametrize(("name", "options"), KINDS, ids=[name for name, _ in KINDS])
async def test_a_whole_recording_lacks_nothing(name: str, options: list[str], tmp_path: Path) -> None:
    length, said = await cut_and_heard(tone(tmp_path / name, SECONDS, *options), 1)
    # Frames at a low rate are long.
    assert length == pytest.approx(SECONDS, abs=0.2)
    assert said == []


SMALL_PARTS = {
    "mov": b"\0\0\0\x08free" * 100,
    "avi": b"RIFF\x0c\0\0\0".ljust(20, b"\0") * 100,
    "voc": b"Creative Voice File\x1a\x1a\0\x0a\x01\x29\x11" + b"\1\0\0\0" * 100,
}


@pytest.mark.parametrize("name", SMALL_PARTS)
def test_looking_at_a_file_of_many_small_parts_ends(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(SMALL_PARTS[name])
    monkeypatch.setattr(endings, "_MOST_STEPS", 10)
    monkeypatch.setattr(boxes, "_MOST_BOXES", 10)
    reads: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda *asked: (reads.append(1), pread(*asked))[1])
    with path.open("rb") as file:
        endings.ends_inside(file, Media(name, []))
    assert len(reads) <= 11
