"""Finished files: the whole text, or one for each chapter and an audiobook with chapter marks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

from spotscribe_common.contract import SpeechFileFormat
from spotscribe_common.errors import CancelledWorkError
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.sound.ffmpeg import fed, pcm_input
from spotscribe_speech.sound.formats import CODECS, Codec
from spotscribe_speech.sound.joining import PCM_BYTES, as_pcm
from spotscribe_speech.sound.wav import HEADER_BYTES, wav_header
from spotscribe_speech.text.plan import Plan

# Fewer digits would not sort; more appear where there are more chapters.
_DIGITS = 3
# The marks of an audiobook state a title's length in one byte.
_TITLE_BYTES = 255
# Beside the sound: titles, and the index of the frames.
_EXTRA_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter in the speech.

    Attributes:
        title: if it has one.
        start: its first sample.
        end: the sample after its last one.
    """

    title: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FileToMake:
    """A file that is asked for.

    Attributes:
        name: of the file.
        format: of its content.
        start: its first sample in the speech.
        end: the sample after its last one.
        chapter: counted from 1; None for the whole text.
        tags: what the file says of itself.
        marks: chapters that a player shows.
    """

    name: str
    format: SpeechFileFormat
    start: int
    end: int
    chapter: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    marks: Sequence[Mark] = ()


def chapter_marks(plan: Plan, lengths: Sequence[int]) -> list[Mark]:
    """Where the chapters are.

    Args:
        plan: what was spoken.
        lengths: samples of each sentence.
    """
    counts = accumulate((len(chapter.sentences) for chapter in plan.chapters), initial=0)
    ends = [0, *accumulate(lengths)]
    return [
        Mark(chapter.title, ends[first], ends[after])
        for chapter, (first, after) in zip(plan.chapters, pairwise(counts), strict=True)
    ]


def files_to_make(
    plan: Plan, marks: Sequence[Mark], format_: SpeechFileFormat, *, chapters: bool
) -> list[FileToMake]:
    """What a request asks for, in the order in which it is made.

    Args:
        plan: what was spoken.
        marks: its chapters.
        format_: of the file, or of the chapters' files.
        chapters: whether each chapter becomes a file, beside one audiobook.
    """
    end = marks[-1].end
    known = {"title": plan.title, "artist": plan.author}
    # `media_type` 2 is an audiobook: players remember the place in it.
    book = FileToMake("speech.m4b", "m4b", 0, end, None, _tags({**known, "media_type": "2"}), marks)
    if not chapters:
        return [
            book if format_ == "m4b" else FileToMake(f"speech.{format_}", format_, 0, end, None, _tags(known))
        ]
    digits = max(_DIGITS, len(str(len(marks))))
    each = [
        FileToMake(
            f"chapter-{number:0{digits}}.{format_}",
            format_,
            mark.start,
            mark.end,
            number,
            _tags(
                {
                    "title": mark.title or plan.title,
                    "artist": plan.author,
                    "album": plan.title,
                    "track": f"{number}/{len(marks)}",
                }
            ),
        )
        for number, mark in enumerate(marks, 1)
    ]
    return [*each, book]


def make_file(
    file: FileToMake,
    blocks: Iterable[Samples],
    sample_rate: int,
    folder: Path,
    is_stopped: Callable[[], bool],
) -> Path:
    """Writes a file. Memory: a block, and what the container keeps of each frame.

    Args:
        file: what to write.
        blocks: its samples, at most a second at a time.
        sample_rate: samples per second.
        folder: where to write it.
        is_stopped: whether nobody wants it any more.

    Raises:
        CancelledWorkError: it was stopped.
        DiskFullError: the disk has no room for it.
        InternalError: ffmpeg failed, or is missing.
    """
    path = folder / file.name
    codec = CODECS.get(file.format)
    if codec is None:
        header = wav_header(sample_rate, file.end - file.start) if file.format == "wav" else b""
        _write(path, header, blocks, is_stopped)
        return path
    source = [*pcm_input(sample_rate), *_described_by(file, codec, sample_rate, folder)]
    output = [*codec.output(sample_rate), "-y", f"file:{path}"]
    most = (file.end - file.start) * PCM_BYTES + HEADER_BYTES + _EXTRA_BYTES
    fed(["-v", "error", *source, *output], map(as_pcm, blocks), is_stopped, most)
    return path


def _write(path: Path, header: bytes, blocks: Iterable[Samples], is_stopped: Callable[[], bool]) -> None:
    with path.open("wb") as out:
        out.write(header)
        for block in blocks:
            if is_stopped():
                raise CancelledWorkError
            out.write(as_pcm(block).tobytes())


def _described_by(file: FileToMake, codec: Codec, sample_rate: int, folder: Path) -> list[str]:
    """The input that holds what the file says of itself."""
    if not codec.tagged:
        return ["-map", "0:a"]
    path = folder / "metadata"
    path.write_text(metadata(file, sample_rate), encoding="utf-8", newline="")
    given = ["-protocol_whitelist", "file", "-f", "ffmetadata", "-i", f"file:{path}"]
    return [*given, "-map", "0:a", "-map_metadata", "1", "-map_chapters", "1"]


def metadata(file: FileToMake, sample_rate: int) -> str:
    """What a file says of itself, in ffmpeg's format of metadata."""
    lines = [";FFMETADATA1", *(f"{key}={_escaped(value)}" for key, value in file.tags.items())]
    for number, mark in enumerate(file.marks, 1):
        lines += ["[CHAPTER]", f"TIMEBASE=1/{sample_rate}", f"START={mark.start}", f"END={mark.end}"]
        lines.append(f"title={_escaped(_printable(mark.title) or str(number))}")
    return "\n".join([*lines, ""])


def _tags(values: Mapping[str, str | None]) -> dict[str, str]:
    """Those that there are."""
    printable = {key: _printable(value) for key, value in values.items()}
    return {key: value for key, value in printable.items() if value}


def _printable(text: str | None) -> str:
    """A title in one line, without what no player shows, and not too long for the container."""
    shown = "".join(each if each.isprintable() else " " for each in text or "")
    return " ".join(shown.split()).encode(errors="ignore")[:_TITLE_BYTES].decode(errors="ignore")


def _escaped(text: str) -> str:
    escaped = "".join(f"\\{each}" if each in "=;#\\" else each for each in text)
    # Whatever stands before it, ffmpeg takes a backslash at the end of a line for "goes on in the next one".
    return f"{escaped} " if text.endswith("\\") else escaped
