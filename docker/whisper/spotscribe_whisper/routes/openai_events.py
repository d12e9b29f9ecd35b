"""A transcription's events as OpenAI's server-sent events."""

from pydantic import BaseModel

from spotscribe_audio.language.languages import joined
from spotscribe_common.contract import Failed, Result, SegmentSent, Started, TranscribeEvent
from spotscribe_common.http.server_sent import failure_sent, sent
from spotscribe_whisper.formats.openai import Answer, DiarizedSegment, diarized_segments, plain


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
        self._between = self._before = ""

    def encode(self, event: TranscribeEvent) -> str:
        """The event's text; empty for one that OpenAI's clients do not know."""
        match event:
            case Started():
                self._between = joined(["", ""], event.language or "")
                return ""
            case SegmentSent():
                before, self._before = self._before, self._between
                return _data(_Delta(delta=before + event.segment.text))
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
