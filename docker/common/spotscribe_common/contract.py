"""The shapes of `lambda/contract.ts` that the Python services speak.

The tests hold every fixture and every event sent against the JSON schema made from that file.
All times are seconds from the start of the audio.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from spotscribe_common.errors import ErrorCode


class Shape(BaseModel):
    """A shape of the contract: unknown fields are refused, absent ones are left out of the JSON."""

    model_config = ConfigDict(extra="forbid")

    def to_json(self) -> str:
        """The shape as one line of JSON."""
        return self.model_dump_json(exclude_none=True)


class Word(Shape):
    """A word with its times; `interpolated` if the aligner gave none and they come from its neighbours."""

    word: str
    start: float
    end: float
    score: float | None = None
    interpolated: bool | None = None


class Segment(Shape):
    """A piece of speech."""

    id: int
    start: float
    end: float
    text: str
    words: list[Word]
    speaker: str | None = None


class Degradation(Shape):
    """Something that the result lacks, and why."""

    stage: Literal["transcript", "diarization", "analysis", "alignment"]
    reason: str


class EngineName(Shape):
    """Which engine and model made a result."""

    name: Literal["whisperx", "pocketsphinx"]
    model: str


class Transcript(Shape):
    """The result of a transcription; `duration` is the length of the whole audio."""

    version: Literal[1] = 1
    engine: EngineName
    language: str
    duration: float
    text: str
    segments: list[Segment]
    degraded: list[Degradation]


class TranscribeRequest(Shape):
    """JSON body of `POST /transcribe`."""

    path: str = Field(min_length=1, max_length=1024)
    language: str | None = None
    start_at: float = Field(default=0, ge=0, allow_inf_nan=False)
    max_seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class JobError(Shape):
    """A stable code and what to tell a person."""

    code: ErrorCode
    message: str


class Started(Shape):
    """First line of a stream: the audio is decoded, work begins."""

    type: Literal["started"] = "started"
    duration: float
    engine: str
    model: str


class SegmentSent(Shape):
    """A finished segment."""

    type: Literal["segment"] = "segment"
    segment: Segment


class WindowDone(Shape):
    """All speech before `end` has been sent; `progress` is 0 to 1."""

    type: Literal["window"] = "window"
    end: float
    progress: float


class Result(Shape):
    """Last line of a success."""

    type: Literal["result"] = "result"
    transcript: Transcript


class Failed(Shape):
    """Last line of a failure after streaming began."""

    type: Literal["error"] = "error"
    error: JobError


TranscribeEvent = Annotated[Started | SegmentSent | WindowDone | Result | Failed, Field(discriminator="type")]
