"""Headers that state another length than the file has: what is there is decoded, and the difference told."""

import struct
from pathlib import Path

import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import Pcm
from spotscribe_testing.media import ffmpeg, tone

SECONDS = 6
BYTES = SECONDS * 32_000


async def decoded(path: Path, *, max_seconds: float = 3600) -> Pcm:
    with path.open("rb") as file:
        return await decode(file, max_seconds=max_seconds, scratch=path.parent)


async def heard(path: Path) -> tuple[float, str]:
    """Length of the audio, and what was said of it."""
    pcm = await decoded(path)
    said = " ".join(loss.reason for loss in pcm.degraded)
    length = pcm.duration
    pcm.close()
    return length, said


def stating(path: Path, at: int, field: str, value: int) -> Path:
    """The file with another size in its header."""
    content = bytearray(path.read_bytes())
    struct.pack_into(field, content, at, value)
    path.write_bytes(content)
    return path


def wav(path: Path, size: int, *, byte_rate: int = 32_000, behind: bytes = b"") -> Path:
    pcm = tone(path.with_suffix(".s16"), SECONDS, "-f", "s16le").read_bytes()
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 16_000, byte_rate, 2, 16) + b"data"
    content = head + struct.pack("<I", size) + pcm + behind
    path.write_bytes(b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFF_FFFF)) + content)
    return path


def chunked(path: Path, size: int) -> Path:
    """A file of the kind that the name says, whose chunk of samples states another size."""
    tone(path, SECONDS)
    content = path.read_bytes()
    name, field, more = {
        ".aiff": (b"SSND", ">I", 4), ".caf": (b"data", ">Q", 4), ".w64": (b"data", "<Q", 16),
    }[path.suffix]  # fmt: skip
    # Behind the chunks that describe the samples.
    return stating(path, content.index(name, 50 if path.suffix == ".caf" else 12) + more, field, size)


@pytest.mark.parametrize(
    "size", [0, 0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_F000, 0xFFFF_FFFF - 36, 0xFFFF_FFFF]
)
async def test_a_wav_that_does_not_know_its_size_is_whole(size: int, tmp_path: Path) -> None:
    assert await heard(wav(tmp_path / "a.wav", size)) == (pytest.approx(SECONDS), "")


@pytest.mark.parametrize("size", [2 * BYTES, 0x4000_0000, 0x7000_0000])
async def test_a_wav_that_states_more_than_it_has_says_both_lengths(size: int, tmp_path: Path) -> None:
    length, said = await heard(wav(tmp_path / "a.wav", size))
    assert length == pytest.approx(SECONDS)
    assert f"states {size / 32_000:.1f} s, and the file has 6.0 s" in said


@pytest.mark.parametrize("size", [4, 36, BYTES // 3, BYTES // 2])
async def test_a_wav_that_has_more_than_it_states_loses_nothing(size: int, tmp_path: Path) -> None:
    length, said = await heard(wav(tmp_path / "a.wav", size))
    assert length == pytest.approx(SECONDS)
    assert f"states {size / 32_000:.1f} s of audio, and the file has 6.0 s" in said


async def test_a_wav_of_which_the_upper_bits_of_the_size_are_lost_loses_nothing(tmp_path: Path) -> None:
    """As in files above 4 GiB: the size is smaller than the file."""
    path = wav(tmp_path / "a.wav", (BYTES + (1 << 32) - 100_000) & 0xFFFF_FFFF)
    assert (await heard(path))[0] == pytest.approx(SECONDS)


@pytest.mark.parametrize("rate", [0, 1, 16_000, 64_000, 0xFFFF_FFFF])
async def test_a_wrong_byte_rate_is_no_reason_to_refuse_a_wav(rate: int, tmp_path: Path) -> None:
    assert await heard(wav(tmp_path / "a.wav", BYTES, byte_rate=rate)) == (pytest.approx(SECONDS), "")


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST" + struct.pack("<I", 4000) + b"INFO" + bytes(range(250)) * 16,
        b"LIST" + struct.pack("<I", 400_000) + bytes(range(256)) * 64,
        b"abcd" + struct.pack("<I", 20_000) + b"\x55" * 20_000,
        bytes(50_000),
        b"TAG" + b"\x55" * 125,
    ],
    ids=["texts", "texts-cut-off", "a-chunk", "reserved", "tag"],
)
async def test_what_follows_the_samples_is_no_audio(behind: bytes, tmp_path: Path) -> None:
    assert await heard(wav(tmp_path / "a.wav", BYTES, behind=behind)) == (pytest.approx(SECONDS), "")


@pytest.mark.parametrize("name", ["a.aiff", "a.caf", "a.w64"])
@pytest.mark.parametrize("size", [0, 8, 24])
async def test_a_size_that_was_never_written_is_no_size(name: str, size: int, tmp_path: Path) -> None:
    length, _ = await heard(chunked(tmp_path / name, size))
    assert length == pytest.approx(SECONDS)


@pytest.mark.parametrize("name", ["a.aiff", "a.caf", "a.w64"])
async def test_chunks_that_state_half_lose_nothing(name: str, tmp_path: Path) -> None:
    length, said = await heard(chunked(tmp_path / name, BYTES // 2))
    assert length == pytest.approx(SECONDS)
    assert "states 3.0 s of audio, and the file has 6.0 s" in said


@pytest.mark.parametrize("name", ["a.aiff", "a.caf", "a.w64"])
async def test_chunks_that_state_twice_as_much_say_so(name: str, tmp_path: Path) -> None:
    length, said = await heard(chunked(tmp_path / name, 2 * BYTES))
    assert length == pytest.approx(SECONDS)
    assert "states 12.0 s, and the file has 6.0 s" in said


async def test_an_rf64_file_whose_size_was_never_written_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    tone(path, SECONDS, "-rf64", "always")
    content = path.read_bytes()
    at = content.index(b"ds64") + 16
    for size in (0, 1000, 1 << 40, (1 << 64) - 1):
        path.write_bytes(content)
        assert (await heard(stating(path, at, "<Q", size)))[0] == pytest.approx(SECONDS)


@pytest.mark.parametrize(("samples", "said"), [(0, ""), (48_000, "states 3.0 s"), ((1 << 36) - 1, "states")])
async def test_a_flac_is_decoded_whatever_length_it_states(samples: int, said: str, tmp_path: Path) -> None:
    path = tone(tmp_path / "a.flac", SECONDS)
    # 20 bits of the rate, 3 and 5 of channels and bits, 36 of the number of samples.
    packed = int.from_bytes(path.read_bytes()[18:26])
    length, told = await heard(stating(path, 18, ">Q", packed >> 36 << 36 | samples))
    assert length == pytest.approx(SECONDS)
    assert said in told
    assert bool(said) == bool(told)


@pytest.mark.parametrize("name", ["a.webm", "film.webm"])
async def test_a_webm_with_its_length_from_before_a_cut_is_whole(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    picture = ["-f", "lavfi", "-i", f"testsrc=size=64x48:rate=5:duration={SECONDS}"] * ("film" in name)
    sound = ["-f", "lavfi", "-i", f"sine=duration={SECONDS}", "-c:a", "libopus", "-c:v", "libvpx"]
    ffmpeg(*picture, *sound, path)
    content = path.read_bytes()
    # The length of the whole, and in films each track's as a text.
    at = content.index(bytes.fromhex("448988")) + 3
    content = content[:at] + struct.pack(">d", 59_000) + content[at + 8 :]
    path.write_bytes(content.replace(b"00:00:06", b"00:00:59").replace(b"00:00:05", b"00:00:59"))
    length, said = await heard(path)
    assert length == pytest.approx(SECONDS, abs=0.1)
    assert "states 59.0 s, and the file has 6.0 s" in said


async def test_a_header_that_states_days_refuses_nothing(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", 0x4000_0000)
    pcm = await decoded(path, max_seconds=10)
    assert pcm.duration == pytest.approx(SECONDS)
    pcm.close()


@pytest.mark.parametrize("options", [[], ["-movflags", "faststart"]])
async def test_what_an_edit_list_leaves_out_is_told(options: list[str], tmp_path: Path) -> None:
    path = tone(tmp_path / "a.m4a", SECONDS, *options)
    # The list has a length in milliseconds, behind its version and its number of edits.
    at = path.read_bytes().index(b"elst") + 12
    assert await heard(path) == (pytest.approx(SECONDS, abs=0.1), "")
    length, said = await heard(stating(path, at, ">I", 2000))
    assert length == pytest.approx(2, abs=0.1)
    assert "leaves out 4.1 s of its audio" in said


async def test_an_edit_list_that_leaves_nothing_was_never_finished(tmp_path: Path) -> None:
    path = tone(tmp_path / "a.m4a", SECONDS)
    length, said = await heard(stating(path, path.read_bytes().index(b"elst") + 12, ">I", 0))
    assert length == pytest.approx(SECONDS, abs=0.1)
    assert "edit list leaves nothing" in said
