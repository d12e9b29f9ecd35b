"""The shapes of `core/contract` that the Python services speak.

The tests compare them with the JSON schema made from that folder, and hold every event sent against it.
All times are seconds from the start of the audio.
"""

from typing import Annotated, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, FailFast, Field

from spotscribe_common.errors import ErrorCode

Entry = TypeVar("Entry")
# Judged up to the first bad entry: a complaint about each of a million would fill the memory.
Many = Annotated[list[Entry], FailFast()]


class Shape(BaseModel):
    """A shape of the contract: unknown fields are refused, absent ones are left out of the JSON.

    So are numbers that are none, or infinite: JSON has no word for them. Errors do not quote what was
    refused: logs have them, and it may be what was said.
    """

    model_config = ConfigDict(
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    def to_json(self) -> str:
        """The shape as one line of JSON."""
        return self.model_dump_json(exclude_none=True, by_alias=True)


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
    words: Many[Word]
    speaker: str | None = None
    avg_logprob: float | None = None
    no_speech_prob: float | None = None


SpeakerRule = Literal["short_turns", "interjections", "minor_speakers"]
SPEAKER_RULES: tuple[SpeakerRule, ...] = get_args(SpeakerRule)
Task = Literal["transcribe", "translate"]
# Of a language's code or name.
LANGUAGE_CHARACTERS = 64
HOTWORDS_CHARACTERS = 1000


class SpeakerTurn(Shape):
    """A stretch of audio in which one speaker holds the floor."""

    start: float
    end: float
    speaker: str


class SpeakerMerge(Shape):
    """What the cleanup gave to another speaker, and by which rule; `text` where it went by the words."""

    rule: SpeakerRule
    start: float
    end: float
    # `from` in JSON, which Python keeps for itself.
    from_: str = Field(alias="from")
    to: str
    text: str | None = None


class Diarization(Shape):
    """Who spoke when: `turns` after the cleanup, `raw_turns` before, under the same names."""

    model: str
    speakers: list[str]
    turns: list[SpeakerTurn]
    raw_turns: list[SpeakerTurn]
    merges: list[SpeakerMerge]


class Degradation(Shape):
    """Something that the result lacks, and why."""

    stage: Literal["transcript", "diarization", "analysis", "alignment"]
    reason: str


class EngineName(Shape):
    """Which engine and model made a result."""

    name: Literal["whisperx", "pocketsphinx", "voxtral", "extractive"]
    model: str


class Transcript(Shape):
    """The result of a transcription; `duration` is the length of the whole audio."""

    version: Literal[1] = 1
    engine: EngineName
    language: str
    task: Task | None = None
    duration: float
    text: str
    segments: list[Segment]
    diarization: Diarization | None = None
    degraded: list[Degradation]


class TranscriptionOptions(Shape):
    """What the caller may choose about a transcription."""

    language: str | None = Field(default=None, max_length=LANGUAGE_CHARACTERS)
    # The language is detected among these. Short enough for complaints about each of them.
    languages: list[Annotated[str, Field(max_length=LANGUAGE_CHARACTERS)]] | None = Field(
        default=None, min_length=1, max_length=20
    )
    task: Task = "transcribe"
    hotwords: str | None = Field(default=None, max_length=HOTWORDS_CHARACTERS)
    prompt: str | None = Field(default=None, max_length=2000)
    diarize: bool = False
    num_speakers: int | None = Field(default=None, ge=1, le=20)
    min_speakers: int | None = Field(default=None, ge=1, le=20)
    max_speakers: int | None = Field(default=None, ge=1, le=20)
    speaker_cleanup: Many[SpeakerRule] = Field(
        default_factory=lambda: list(SPEAKER_RULES), max_length=len(SPEAKER_RULES)
    )


class TranscribeRequest(TranscriptionOptions):
    """JSON body of `POST /transcribe`."""

    path: str = Field(min_length=1, max_length=1024)
    start_at: float = Field(default=0, ge=0)
    earlier: Many[Segment] = Field(default_factory=list)
    earlier_degraded: Many[Degradation] = Field(default_factory=list)
    max_seconds: float | None = Field(default=None, gt=0)


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
    stage: Literal["transcript", "diarization", "analysis"]
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


AnalysisTask = Literal["summary", "topics", "action_items", "questions", "sentiment", "entities"]
ANALYSIS_TASKS: tuple[AnalysisTask, ...] = get_args(AnalysisTask)
SentimentName = Literal["positive", "neutral", "negative", "mixed"]
EntityType = Literal["person", "organization", "place", "product", "date", "amount", "other"]


class Evidence(Shape):
    """Words of the recording that a claim rests on.

    `heard_from` and `heard_to` bound the stretch that the model listened to; `start`, `end` and `segments`
    say where the transcript has the words.
    """

    quote: str
    heard_from: float
    heard_to: float
    start: float | None = None
    end: float | None = None
    segments: list[int] | None = None


class Claim(Shape):
    """Something that is said to be in the recording, so that it can be checked."""

    evidence: list[Evidence]
    located: bool | None = None


class Topic(Claim):
    """What was talked about."""

    title: str


class ActionItem(Claim):
    """What somebody is to do; `due` in the words that were said."""

    task: str
    owner: str | None = None
    due: str | None = None


class AskedQuestion(Claim):
    """A question that was asked in the recording, with its answer if one was given."""

    question: str
    answer: str | None = None


class Sentiment(Claim):
    """The mood of the recording."""

    overall: SentimentName
    reason: str


class Entity(Claim):
    """Somebody or something that was named."""

    name: str
    type: EntityType


class Answer(Claim):
    """The answer to a question of the caller's; without one if the recording has none."""

    question: str
    answer: str | None = None


class VoxtralName(Shape):
    """Which engine and model made an analysis."""

    name: Literal["voxtral", "extractive"] = "voxtral"
    model: str


class Analysis(Shape):
    """What was understood of a recording: of each task that was asked for, its field."""

    version: Literal[1] = 1
    engine: VoxtralName
    duration: float
    summary: str | None = None
    topics: list[Topic] | None = None
    action_items: list[ActionItem] | None = None
    questions: list[AskedQuestion] | None = None
    sentiment: Sentiment | None = None
    entities: list[Entity] | None = None
    answers: list[Answer] | None = None
    degraded: list[Degradation]


class AnalysisOptions(Shape):
    """What the caller may choose about an analysis: without tasks and questions, all tasks."""

    tasks: list[AnalysisTask] | None = Field(default=None, min_length=1, max_length=len(ANALYSIS_TASKS))
    questions: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default_factory=list, max_length=10
    )


class AnalyzeRequest(AnalysisOptions):
    """JSON body of `POST /analyze`."""

    path: str = Field(min_length=1, max_length=1024)
    max_seconds: float | None = Field(default=None, gt=0)


class AnalysisStarted(Shape):
    """First line of a stream: the audio is decoded, work begins."""

    type: Literal["started"] = "started"
    duration: float
    engine: str
    model: str


class WindowHeard(Shape):
    """Everything before `end` has been listened to; `progress` is that of the whole work, 0 to 1."""

    type: Literal["window"] = "window"
    end: float
    progress: float


class AnalysisResult(Shape):
    """Last line of a success."""

    type: Literal["result"] = "result"
    analysis: Analysis


AnalyzeEvent = Annotated[AnalysisStarted | WindowHeard | AnalysisResult | Failed, Field(discriminator="type")]
