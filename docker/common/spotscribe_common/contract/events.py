"""What a stream says line by line: how the work gets on, its result, or its failure."""

from typing import Annotated, Literal

from pydantic import Field

from spotscribe_common.contract.analysis import Analysis, AnalysisFinding
from spotscribe_common.contract.shape import Shape
from spotscribe_common.contract.transcript import Degradation, Segment, Transcript
from spotscribe_common.errors import ErrorCode


class JobError(Shape):
    """A stable code and what to tell a person."""

    code: ErrorCode
    message: str


class Started(Shape):
    """First line of a stream: the audio is decoded, work begins; `language` is that of the text to come."""

    type: Literal["started"] = "started"
    duration: float
    engine: str
    model: str
    language: str | None = None


class SegmentSent(Shape):
    """A finished segment."""

    type: Literal["segment"] = "segment"
    segment: Segment


class WindowDone(Shape):
    """All speech before `end` has been sent; `progress` is 0 to 1, `degraded` what is missing so far."""

    type: Literal["window"] = "window"
    end: float
    progress: float
    degraded: list[Degradation] | None = None


class StageChanged(Shape):
    """How a stage beside the words gets on; `progress` is that of the whole work, 0 to 1."""

    type: Literal["stage"] = "stage"
    stage: Literal["transcript", "diarization"]
    state: Literal["waiting", "running", "succeeded", "failed", "skipped"]
    progress: float


class Result(Shape):
    """Last line of a success."""

    type: Literal["result"] = "result"
    transcript: Transcript


class Failed(Shape):
    """Last line of a failure after streaming began."""

    type: Literal["error"] = "error"
    error: JobError


TranscribeEvent = Annotated[
    Started | SegmentSent | WindowDone | StageChanged | Result | Failed, Field(discriminator="type")
]


class AnalysisStarted(Shape):
    """First line of a stream: the audio is decoded, work begins."""

    type: Literal["started"] = "started"
    duration: float
    engine: str
    model: str
    window_seconds: float | None = None


class WindowHeard(Shape):
    """Everything before `end` has been listened to; `progress` is that of the whole work, 0 to 1."""

    type: Literal["window"] = "window"
    end: float
    progress: float
    findings: list[AnalysisFinding] | None = None


class AnalysisResult(Shape):
    """Last line of a success."""

    type: Literal["result"] = "result"
    analysis: Analysis


AnalyzeEvent = Annotated[AnalysisStarted | WindowHeard | AnalysisResult | Failed, Field(discriminator="type")]
