"""Files with several sound tracks: which one is heard, and what is said of the others."""

from pathlib import Path

import numpy as np
import pytest

from spotscribe_audio.audio.decode import decode
from spotscribe_audio.audio.pcm import SAMPLE_RATE, Pcm
from spotscribe_audio.audio.tracks import Track, in_order
from spotscribe_common.errors import BadAudioError, InvalidRequestError
from spotscribe_testing.media import ffmpeg, tone

SILENCE = "anullsrc=r=48000:cl=stereo"
# Of the first track and so on.
PITCHES = (400, 800, 1600)


def with_tracks(path: Path, *sources: str, options: tuple[str, ...] = ()) -> Path:
    inputs = [each for source in sources for each in ("-f", "lavfi", "-t", "4", "-i", source)]
    maps = [each for number in range(len(sources)) for each in ("-map", f"{number}:a")]
    ffmpeg(*inputs, *maps, *options, path)
    return path


def tones(count: int) -> list[str]:
    return [f"sine=frequency={pitch}:sample_rate=48000" for pitch in PITCHES[:count]]


async def decoded(path: Path, track: int | None = None) -> Pcm:
    with path.open("rb") as file:
        return await decode(file, max_seconds=3600, scratch=path.parent, track=track)


async def heard(path: Path, track: int | None = None) -> tuple[int, int, str]:
    """Number of the track by its tone, its number as it is told, and what was said of it."""
    pcm = await decoded(path, track)
    samples = pcm.read(1, 2).astype(float)
    loudest = float(np.abs(np.fft.rfft(samples * np.hanning(SAMPLE_RATE))).argmax())
    number = 1 + int(np.argmin([abs(loudest - pitch) for pitch in PITCHES]))
    assert pcm.track is not None
    said = " ".join(loss.reason for loss in pcm.degraded)
    pcm.close()
    return number, pcm.track.number, said


async def test_the_default_track_is_heard(tmp_path: Path) -> None:
    options = ("-disposition:a:0", "0", "-disposition:a:1", "default", "-disposition:a:2", "0")
    path = with_tracks(tmp_path / "a.mkv", *tones(3), options=options)
    number, told, said = await heard(path)
    assert number == told == 2
    assert "3 sound tracks, and only track 2, which is marked as default, was heard" in said


@pytest.mark.parametrize("mark", ["comment", "visual_impaired", "hearing_impaired"])
async def test_a_track_beside_the_recording_is_not_heard_even_if_it_is_the_default(
    mark: str, tmp_path: Path
) -> None:
    options = ("-disposition:a:0", f"default+{mark}", "-disposition:a:1", "0")
    assert (await heard(with_tracks(tmp_path / "a.mkv", *tones(2), options=options)))[:2] == (2, 2)


async def test_a_commentary_is_known_by_its_title(tmp_path: Path) -> None:
    options = ("-metadata:s:a:0", "title=Director's Commentary", "-metadata:s:a:1", "title=English")
    assert (await heard(with_tracks(tmp_path / "a.mkv", *tones(2), options=options)))[:2] == (2, 2)


async def test_of_equal_tracks_the_one_with_most_channels_is_heard(tmp_path: Path) -> None:
    options = ("-ac:a:0", "1", "-ac:a:1", "2", "-disposition:a", "0")
    assert (await heard(with_tracks(tmp_path / "a.mkv", *tones(2), options=options)))[:2] == (2, 2)


@pytest.mark.parametrize("name", ["a.m4a", "a.mkv", "a.ts"])
async def test_a_silent_track_is_passed_over(name: str, tmp_path: Path) -> None:
    path = with_tracks(tmp_path / name, SILENCE, tones(2)[1])
    number, told, said = await heard(path)
    assert number == told == 2
    assert "Track 1 is silent." in said


async def test_a_track_that_cannot_be_decoded_is_passed_over(tmp_path: Path) -> None:
    path = with_tracks(tmp_path / "a.mkv", *tones(2), options=("-c:a:0", "aac", "-c:a:1", "flac"))
    # As the spatial sound of newer telephones: a codec that ffmpeg does not have.
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_XYZ", 1))
    assert (await heard(path))[:2] == (2, 2)


async def test_of_silent_tracks_the_first_is_heard(tmp_path: Path) -> None:
    pcm = await decoded(with_tracks(tmp_path / "a.mkv", SILENCE, SILENCE))
    assert pcm.track is not None
    assert (pcm.track.number, pcm.track.count) == (1, 2)
    assert not pcm.read(0, 4).any()
    pcm.close()


@pytest.mark.parametrize("track", [1, 2, 3])
async def test_the_wanted_track_is_heard_and_nothing_is_missing(track: int, tmp_path: Path) -> None:
    assert await heard(with_tracks(tmp_path / "a.mkv", *tones(3)), track) == (track, track, "")


async def test_a_silent_track_is_heard_if_it_is_wanted(tmp_path: Path) -> None:
    pcm = await decoded(with_tracks(tmp_path / "a.m4a", SILENCE, tones(1)[0]), 1)
    assert not pcm.read(0, 4).any()
    assert pcm.degraded == []
    pcm.close()


async def test_the_second_track_of_a_film_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    picture = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=5:duration=6")
    first = ("-f", "lavfi", "-t", "6", "-i", tones(1)[0])
    late = ("-itsoffset", "3", "-f", "lavfi", "-t", "3", "-i", tones(2)[1])
    ffmpeg(*picture, *first, *late, "-map", "0", "-map", "1", "-map", "2", path)
    pcm = await decoded(path, 2)
    assert pcm.duration == pytest.approx(6, abs=0.2)
    assert not pcm.read(0, 2.8).any()
    assert pcm.degraded == []
    pcm.close()


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "track is 7, and the file has 1 sound track. Leave it out."),
        (2, "track is 7, and the file has 2 sound tracks. Send a number from 1 to 2."),
    ],
)
async def test_a_track_that_is_not_there_is_the_callers_mistake(
    count: int, said: str, tmp_path: Path
) -> None:
    path = with_tracks(tmp_path / "a.mkv", *tones(count))
    with pytest.raises(InvalidRequestError) as raised:
        await decoded(path, 7)
    assert (raised.value.message, raised.value.param, raised.value.status) == (said, "track", 400)


async def test_a_file_with_one_track_tells_none(tmp_path: Path) -> None:
    pcm = await decoded(tone(tmp_path / "a.wav", 1), 1)
    assert pcm.track is None
    pcm.close()


async def test_if_no_track_can_be_decoded_the_first_error_is_told(tmp_path: Path) -> None:
    path = with_tracks(tmp_path / "a.mkv", *tones(2), options=("-c:a", "aac"))
    path.write_bytes(path.read_bytes().replace(b"A_AAC", b"A_XYZ"))
    with pytest.raises(BadAudioError, match="could not be decoded"):
        await decoded(path)


def test_the_order_of_tracks() -> None:
    tracks = [
        Track(1, 6, is_known=False, is_default=True),
        Track(2, 2, is_aside=True, is_default=True),
        Track(3, 2),
        Track(4, 6),
        Track(5, 1, is_default=True),
        Track(6, 2, is_default=True),
    ]
    assert [track.number for track in in_order(tracks, None)] == [6, 5, 4, 3, 2, 1]
