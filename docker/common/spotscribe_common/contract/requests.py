"""What a caller may ask for: the bodies of `POST /transcribe` and `POST /analyze`."""

from typing import Annotated, Any

from pydantic import Field

from spotscribe_common.contract.analysis import ANALYSIS_TASKS, AnalysisCheckpoint, AnalysisTask
from spotscribe_common.contract.shape import Many, Shape
from spotscribe_common.contract.transcript import (
    SPEAKER_RULES,
    ChannelMode,
    Degradation,
    Segment,
    SpeakerRule,
    Task,
)

# Of a language's code or name.
LANGUAGE_CHARACTERS = 64
HOTWORDS_CHARACTERS = 1000
# Of a speaker's name: it stands at every segment of hours.
SPEAKER_NAME_CHARACTERS = 100
# Of the caller's own, about a recording.
MOST_QUESTIONS = 10
# Of whom there may be recordings.
MOST_KNOWN_SPEAKERS = 50
# Of a file with several sound tracks. Without one, the track that is marked as default is heard.
TrackNumber = Annotated[int, Field(ge=1, le=100, description="Number of the sound track, from 1 on.")]

SpeakerName = Annotated[str, Field(min_length=1, max_length=SPEAKER_NAME_CHARACTERS)]
# Of a recording, relative to the shared directory.
SharedPath = Annotated[str, Field(min_length=1, max_length=1024)]


class TranscriptionOptions(Shape):
    """What the caller may choose about a transcription."""

    language: str | None = Field(default=None, max_length=LANGUAGE_CHARACTERS)
    # The language is detected among these; with several, that of each segment. Short enough for complaints
    # about each of them.
    languages: list[Annotated[str, Field(max_length=LANGUAGE_CHARACTERS)]] | None = Field(
        default=None, min_length=1, max_length=20
    )
    task: Task = "transcribe"
    track: TrackNumber | None = None
    # `separate`: each channel is transcribed by itself, and is one speaker.
    channels: ChannelMode = "mixed"
    hotwords: str | None = Field(default=None, max_length=HOTWORDS_CHARACTERS)
    prompt: str | None = Field(default=None, max_length=2000)
    diarize: bool = False
    num_speakers: int | None = Field(default=None, ge=1, le=20)
    min_speakers: int | None = Field(default=None, ge=1, le=20)
    max_speakers: int | None = Field(default=None, ge=1, le=20)
    speaker_cleanup: Many[SpeakerRule] = Field(
        default_factory=lambda: list(SPEAKER_RULES), max_length=len(SPEAKER_RULES)
    )
    # By voice if there are recordings of them, otherwise in the order of their first words.
    known_speaker_names: list[SpeakerName] = Field(default_factory=list, max_length=MOST_KNOWN_SPEAKERS)


class TranscribeRequest(TranscriptionOptions):
    """JSON body of `POST /transcribe`."""

    path: SharedPath
    # Paths of recordings of `known_speaker_names`, in the same order.
    known_speaker_references: list[SharedPath] = Field(default_factory=list, max_length=MOST_KNOWN_SPEAKERS)
    start_at: float = Field(default=0, ge=0)
    earlier: Many[Segment] = Field(default_factory=list)
    earlier_degraded: Many[Degradation] = Field(default_factory=list)
    max_seconds: float | None = Field(default=None, gt=0)


class AnalysisOptions(Shape):
    """What the caller may choose about an analysis.

    Without tasks, questions and a schema: the default tasks.
    """

    language: str | None = Field(default=None, max_length=LANGUAGE_CHARACTERS)
    track: TrackNumber | None = None
    tasks: list[AnalysisTask] | None = Field(default=None, min_length=1, max_length=len(ANALYSIS_TASKS))
    questions: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default_factory=list, max_length=MOST_QUESTIONS
    )
    # JSON schema of an object, for values of the caller's own.
    own_schema: dict[str, Any] | None = Field(default=None, alias="schema")


class AnalyzeRequest(AnalysisOptions):
    """JSON body of `POST /analyze`."""

    path: SharedPath
    max_seconds: float | None = Field(default=None, gt=0)
    # Of an attempt that was interrupted.
    earlier: AnalysisCheckpoint | None = None
