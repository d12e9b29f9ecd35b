"""Finished files of a book: chapters, titles, and what a player shows of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from spotscribe_common.contract import SpeechFileFormat
from spotscribe_common.errors import CancelledWorkError, DiskFullError, InternalError
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.book import FileToMake, Mark, chapter_marks, files_to_make, make_file
from spotscribe_speech.sound.ffmpeg import fed, pcm_input
from spotscribe_speech.sound.formats import CODECS
from spotscribe_speech.sound.joining import as_pcm
from spotscribe_speech.text.plan import Chapter, Plan, Sentence
from spotscribe_testing.sounds import RATE, decoded, probed, tone

CHAPTERS = [("The start", 2), ("The middle", 1), ("The end", 3)]
LENGTHS = [10_001, 20_000, 33_333, 7, 8_000, 24_000]
HOSTILE = [
    "a=b;c#d\\e",
    "[CHAPTER]\nSTART=0\ntitle=forged",
    ";FFMETADATA1",
    "\\",
    "\0null\x1b[31m",
    "“Quotes” and 'more' \"quotes\"",
    "العربية \u202eesrever",
    "🎉 👩‍👩‍👧 ß 中文",
    "=",
    "#",
    "é" * 300,
    "",
    " \n ",
    "-y /etc/passwd",
    "%d %s $HOME `id`",
]


def plan_of(chapters: Sequence[tuple[str | None, int]], *names: str) -> Plan:
    """A plan of chapters with so many sentences, and the book's title and author."""
    sentence = Sentence("Words.", 0.3, 1.0, 6)
    return Plan(tuple(Chapter(name, (sentence,) * count) for name, count in chapters), *names)


def sound(start: int, end: int) -> Iterator[Samples]:
    """The samples of a speech of some seconds, in blocks."""
    whole = tone(20, 300)
    for at in range(start, end, RATE):
        yield whole[at : min(at + RATE, end)]


def make(file: FileToMake, folder: Path) -> Path:
    return make_file(file, sound(file.start, file.end), RATE, folder, lambda: False)


def chapters_of(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = probed(file, "-show_chapters")["chapters"]
    return found


def tags_of(file: Path) -> dict[str, str]:
    found = probed(file, "-show_format", "-show_streams")
    tags = {**found["streams"][0].get("tags", {}), **found["format"].get("tags", {})}
    return {key.lower(): value for key, value in tags.items()}


def test_chapters_begin_where_their_sentences_do() -> None:
    assert chapter_marks(plan_of(CHAPTERS), LENGTHS) == [
        Mark("The start", 0, 30_001),
        Mark("The middle", 30_001, 63_334),
        Mark("The end", 63_334, 95_341),
    ]


def test_an_audiobook_has_its_chapters_at_the_right_times(tmp_path: Path) -> None:
    plan = plan_of(CHAPTERS, "A Book", "An Author")
    [file] = files_to_make(plan, chapter_marks(plan, LENGTHS), "m4b", chapters=False)
    made = make(file, tmp_path)
    assert made.name == "speech.m4b"
    found = chapters_of(made)
    assert [each["tags"]["title"] for each in found] == ["The start", "The middle", "The end"]
    times = [(float(each["start_time"]), float(each["end_time"])) for each in found]
    # Players count in milliseconds.
    assert np.array(times) * RATE == pytest.approx(
        np.array([(0, 30_001), (30_001, 63_334), (63_334, 95_341)]), abs=RATE / 1000
    )
    tags = tags_of(made)
    assert (tags["title"], tags["artist"], tags["media_type"]) == ("A Book", "An Author", "2")
    assert tags["major_brand"].strip() == "M4A"
    # What a player needs to begin comes before the sound.
    data = made.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")
    assert abs(decoded(made).size - sum(LENGTHS)) <= 2 * 1024


@pytest.mark.parametrize("format_", ["mp3", "opus", "aac", "flac", "wav", "pcm", "m4b"])
def test_each_chapter_is_a_file_beside_the_audiobook(tmp_path: Path, format_: SpeechFileFormat) -> None:
    plan = plan_of(CHAPTERS, "A Book", "An Author")
    files = files_to_make(plan, chapter_marks(plan, LENGTHS), format_, chapters=True)
    assert [(file.name, file.chapter) for file in files] == [
        *((f"chapter-00{number}.{format_}", number) for number in (1, 2, 3)),
        ("speech.m4b", None),
    ]
    raw = ("-f", "s16le", "-ar", str(RATE), "-ac", "1") if format_ == "pcm" else ()
    for file, length in zip(files, (30_001, 33_333, 32_007), strict=False):
        made = make(file, tmp_path)
        found = decoded(made, *raw)
        assert abs(found.size - length) <= {"mp3": 1152, "aac": 3 * 1024, "m4b": 2 * 1024}.get(format_, 0)
        if format_ in CODECS and CODECS[format_].tagged:
            tags = tags_of(made)
            title, _ = CHAPTERS[(file.chapter or 0) - 1]
            assert (tags["title"], tags["artist"], tags["album"]) == (title, "An Author", "A Book")
            assert tags["track"].startswith(f"{file.chapter}")


def test_names_of_many_chapters_sort() -> None:
    plan = plan_of([(None, 1)] * 1200)
    names = [file.name for file in files_to_make(plan, chapter_marks(plan, [1] * 1200), "mp3", chapters=True)]
    assert names[0] == "chapter-0001.mp3"
    assert sorted(names) == names


def test_a_text_without_chapters_has_one_without_a_title(tmp_path: Path) -> None:
    plan = plan_of([(None, 2)])
    files = files_to_make(plan, chapter_marks(plan, [24_000, 12_000]), "mp3", chapters=True)
    assert [file.name for file in files] == ["chapter-001.mp3", "speech.m4b"]
    [chapter] = chapters_of(make(files[-1], tmp_path))
    assert (chapter["tags"]["title"], float(chapter["end_time"])) == ("1", 1.5)


def test_hostile_titles_stay_titles(tmp_path: Path) -> None:
    plan = plan_of([(title, 1) for title in HOSTILE], HOSTILE[0], HOSTILE[1])
    [file] = files_to_make(plan, chapter_marks(plan, [RATE] * len(HOSTILE)), "m4b", chapters=False)
    made = make(file, tmp_path)
    found = chapters_of(made)
    assert [float(each["start_time"]) for each in found] == [*map(float, range(len(HOSTILE)))]
    assert [each["tags"]["title"] for each in found] == [
        "a=b;c#d\\e",
        "[CHAPTER] START=0 title=forged",
        ";FFMETADATA1",
        "\\ ",
        "null [31m",
        "“Quotes” and 'more' \"quotes\"",
        "العربية esrever",
        "🎉 👩 👩 👧 ß 中文",
        "=",
        "#",
        "é" * 127,
        "12",
        "13",
        "-y /etc/passwd",
        "%d %s $HOME `id`",
    ]
    assert tags_of(made)["title"] == HOSTILE[0]
    assert tags_of(made)["artist"] == "[CHAPTER] START=0 title=forged"


def test_more_chapters_than_the_short_list_of_marks_holds(tmp_path: Path) -> None:
    plan = plan_of([(f"Chapter {number}", 1) for number in range(400)])
    [file] = files_to_make(plan, chapter_marks(plan, [RATE // 24] * 400), "m4b", chapters=False)
    names = [each["tags"]["title"] for each in chapters_of(make(file, tmp_path))]
    assert names == [f"Chapter {number}" for number in range(400)]


def test_a_chapter_without_a_sound_does_no_harm(tmp_path: Path) -> None:
    plan = plan_of(CHAPTERS)
    files = files_to_make(plan, chapter_marks(plan, [0, 0, RATE, 0, 0, 0]), "mp3", chapters=True)
    for file in files:
        assert make(file, tmp_path).exists()


@pytest.mark.parametrize("frames", [None, 0, 3 << 30])
def test_a_wav_header_states_what_fits(frames: int | None) -> None:
    from spotscribe_speech.sound.wav import wav_header

    header = wav_header(RATE, frames)
    size = int.from_bytes(header[40:44], "little")
    assert (len(header), size) == (44, 0 if frames == 0 else 0xFFFF_FFFF)


def test_a_wav_file_states_its_length(tmp_path: Path) -> None:
    made = make(FileToMake("speech.wav", "wav", 0, 50_000), tmp_path)
    assert soundfile.info(made).frames == 50_000
    assert np.array_equal(soundfile.read(made, dtype="int16")[0], as_pcm(np.concatenate([*sound(0, 50_000)])))


class TestFailures:
    @pytest.mark.parametrize("format_", ["mp3", "wav", "m4b"])
    def test_a_full_disk(self, tmp_path: Path, format_: SpeechFileFormat) -> None:
        """The device that is always full."""
        file = FileToMake("speech", format_, 0, 20 * RATE)
        (tmp_path / "speech").symlink_to("/dev/full")
        with pytest.raises((DiskFullError, OSError), match=r"full|No space"):
            make(file, tmp_path)

    def test_a_file_that_grows_beyond_its_limit(self, tmp_path: Path) -> None:
        output = ["-c:a", "flac", "-y", f"file:{tmp_path / 'out.flac'}"]
        noise = as_pcm(np.random.default_rng(1).uniform(-1, 1, 60 * RATE).astype(np.float32))
        with pytest.raises(DiskFullError):
            fed(["-v", "error", *pcm_input(RATE), *output], [noise], lambda: False)

    def test_ffmpeg_that_fails_says_why(self, tmp_path: Path) -> None:
        with pytest.raises(InternalError, match=r"ffmpeg failed: .*no_such"):
            fed([*pcm_input(RATE), "-c:a", "no_such", "-f", "null", "-"], sound(0, 9 * RATE), lambda: False)

    @pytest.mark.parametrize("after", [0, 1, 19])
    @pytest.mark.parametrize("format_", ["m4b", "wav"])
    def test_it_stops_when_it_is_told_to(self, tmp_path: Path, after: int, format_: SpeechFileFormat) -> None:
        asked: list[bool] = []

        def is_stopped() -> bool:
            asked.append(True)
            return len(asked) > after

        file = FileToMake("speech.x", format_, 0, 20 * RATE)
        with pytest.raises(CancelledWorkError):
            make_file(file, sound(0, 20 * RATE), RATE, tmp_path, is_stopped)
        assert len(asked) == after + 1
