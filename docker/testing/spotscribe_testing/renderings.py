"""A transcript in all formats of the whisper service: what `core/formats` must write as well.

Run as a module it reads one `Given` a line, and writes its renderings on one line each.
"""

import sys
from typing import Literal

from pydantic import TypeAdapter

from spotscribe_audio.language import languages
from spotscribe_common.contract import Result, SegmentSent, Started, TranscribeEvent, Transcript
from spotscribe_common.contract.shape import Shape
from spotscribe_whisper.formats import openai as shapes
from spotscribe_whisper.formats.lines import Layout
from spotscribe_whisper.formats.subtitles import srt, vtt
from spotscribe_whisper.routes.openai_events import OpenAiEvents

# As the model's own table says: this one stands beside it.
_NAMES = {entry[0]: entry[1].replace("_", " ") for entry in languages._ENTRIES}


class Given(Shape):
    """A transcript, and how its answers are to look: `given.json` of a fixture."""

    layout: Layout
    granularities: tuple[Literal["word", "segment"], ...] = ("segment",)
    languages: bool = False
    transcript: Transcript


_RENDERED = TypeAdapter(dict[str, str])


def renderings(given: Given) -> dict[str, str]:
    """The answers in all formats; `stream` is what `stream=true` sends for `diarized_json`."""
    transcript, layout = given.transcript, given.layout
    return {
        "srt": srt(transcript, layout),
        "vtt": vtt(transcript, layout),
        "text": shapes.text(transcript),
        "json": shapes.plain(transcript, languages=given.languages).to_json(),
        "verbose_json": shapes.verbose(
            transcript,
            _NAMES,
            lambda _: [],
            temperature=0,
            granularities=given.granularities,
        ).to_json(),
        "diarized_json": shapes.diarized(transcript).to_json(),
        "stream": _streamed(transcript, languages=given.languages),
    }


def _streamed(transcript: Transcript, *, languages: bool) -> str:
    encoder = OpenAiEvents(diarized=True, languages=languages)
    started = Started(
        duration=transcript.duration,
        engine=transcript.engine.name,
        model=transcript.engine.model,
        language=transcript.language,
    )
    sent = [SegmentSent(segment=segment) for segment in transcript.segments]
    events: list[TranscribeEvent] = [started, *sent, Result(transcript=transcript)]
    return "".join(map(encoder.encode, events))


if __name__ == "__main__":
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(_RENDERED.dump_json(renderings(Given.model_validate_json(line))) + b"\n")
