"""SubRip and WebVTT. Twin of the same formats in `core/formats/formats.ts`."""

from collections.abc import Callable

from spotscribe_common.contract import Transcript
from spotscribe_whisper.formats.cues import Cue, cues, prefix
from spotscribe_whisper.formats.lines import Layout
from spotscribe_whisper.formats.segments_in_time import segments_in_time


def srt(transcript: Transcript, layout: Layout) -> str:
    """The transcript as SubRip: a cue is prefixed with its speaker where that is another than before."""
    found = cues(segments_in_time(transcript), layout, transcript.duration, prefixes=True)
    return "\n".join(
        f"{number}\n{_times(cue, ',')}\n{_srt_text(cue)}\n" for number, cue in enumerate(found, start=1)
    )


def vtt(transcript: Transcript, layout: Layout) -> str:
    """The transcript as WebVTT: a speaker is the voice of a cue."""
    found = cues(segments_in_time(transcript), layout, transcript.duration)
    return "WEBVTT\n" + "".join(f"\n{_times(cue, '.')}\n{_vtt_text(cue)}\n" for cue in found)


def _srt_text(cue: Cue) -> str:
    name = _without_markup(prefix(cue.speaker)) if cue.named else ""
    first, *rest = _lines(cue, _without_markup)
    return "\n".join([f"{name}{first}".rstrip(" "), *rest])


def _vtt_text(cue: Cue) -> str:
    voice = "" if cue.speaker is None else f"<v {_escaped(cue.speaker)}>"
    return voice + "\n".join(_lines(cue, _escaped))


def _lines(cue: Cue, written: Callable[[str], str]) -> list[str]:
    found, number = [], 0
    for line in cue.lines:
        text = ""
        for index, word in enumerate(line):
            space = " " if index > 0 and word.spaced else ""
            text += space + (
                f"<u>{written(word.text)}</u>" if number == cue.highlight else written(word.text)
            )
            number += 1
        found.append(text)
    return found


def _without_markup(text: str) -> str:
    """SubRip cannot escape: players obey or drop what looks like a tag, and an arrow makes a time."""
    return text.replace("<", "\u2039").replace(">", "\u203a")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _times(cue: Cue, point: str) -> str:
    return f"{_time(cue.start, point)} --> {_time(cue.end, point)}"


def _time(milliseconds: int, point: str) -> str:
    """`hours:minutes:seconds`, with more than two digits for 100 hours and over."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}{rest:03}"
