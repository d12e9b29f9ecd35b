"""A transcription's events as OpenAI's server-sent events."""

from pydantic import BaseModel

from spotscribe_common.contract import Failed, Result, SegmentSent, Started, TranscribeEvent
from spotscribe_common.http.server_sent import failure_sent, sent
from spotscribe_whisper.formats.openai import Answer, DiarizedSegment, diarized_segments, plain
from spotscribe_whisper.segment_languages import space_between


class OpenAiEvents:
    """Makes `transcript.text.delta`, `transcript.text.segment` and `transcript.text.done` of a job's events.

    Text comes as it is heard; segments of speakers come together when all have been told apart.

    Args:
        diarized: whether segments of speakers are wanted.
        languages: whether the end says which languages were heard.
    """

    def __init__(self, *, diarized: bool, languages: bool) -> None:
        self._diarized = diarized
        self._languages = languages
        self._language = ""
        self._before: str | None = None

    def encode(self, event: TranscribeEvent) -> str:
        """The event's text; empty for one that OpenAI's clients do not know."""
        match event:
            case Started():
                self._language = event.language or ""
                return ""
            case SegmentSent():
                language = event.segment.language or self._language
                space = "" if self._before is None else space_between(self._before, language)
                self._before = language
                return _data(_Delta(delta=space + event.segment.text))
            case Result():
                segments = diarized_segments(event.transcript) if self._diarized else []
                done = _Done(**dict(plain(event.transcript, languages=self._languages)))
                return "".join([*map(_data, segments), _data(done)])
            case Failed():
                return failure_sent(event)
            case _:
                return ""


class _Delta(BaseModel):
    type: str = "transcript.text.delta"
    delta: str


class _Done(Answer):
    type: str = "transcript.text.done"


def _data(event: _Delta | _Done | DiarizedSegment) -> str:
    return sent(event.model_dump_json(exclude_none=True))
