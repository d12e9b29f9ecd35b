"""Analyses: what was understood of a recording, and the words that it rests on."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from spotscribe_common.contract.shape import Many, Shape
from spotscribe_common.contract.transcript import Degradation, EngineName, SoundTrack

AnalysisTask = Literal[
    "summary", "topics", "action_items", "questions", "sentiment", "entities", "chapters", "highlights"
]
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
    interpolated: bool | None = None


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


class Chapter(Claim):
    """A part of the recording on one subject; the evidence is the words with which it begins.

    `start` and `end` are seconds. The worker sets them when it finds the evidence in the transcript.
    """

    title: str
    start: float | None = None
    end: float | None = None


class Highlight(Claim):
    """A passage worth hearing by itself; the evidence is its first words and its last words.

    `start` and `end` are as those of :class:`Chapter`.
    """

    title: str
    reason: str
    start: float | None = None
    end: float | None = None


class Answer(Claim):
    """The answer to a question of the caller's; without one if the recording has none."""

    question: str
    answer: str | None = None


class ExtractedPlace(Claim):
    """Where a value of the caller's JSON schema comes from; `pointer` is its JSON pointer."""

    pointer: str


class Extracted(Shape):
    """What the recording contains of the caller's JSON schema.

    `missing` has the JSON pointers of what the schema requires and the recording does not contain. If nothing
    is missing, `value` validates against the schema.
    """

    value: dict[str, Any]
    places: list[ExtractedPlace]
    missing: list[str]


class VoxtralName(Shape):
    """Which engine and model made an analysis."""

    name: str = "voxtral"
    model: str


class Analysis(Shape):
    """What was understood of a recording: of each task that was asked for, its field."""

    version: Literal[1] = 1
    engine: VoxtralName
    duration: float
    track: SoundTrack | None = None
    summary: str | None = None
    topics: list[Topic] | None = None
    action_items: list[ActionItem] | None = None
    questions: list[AskedQuestion] | None = None
    sentiment: Sentiment | None = None
    entities: list[Entity] | None = None
    chapters: list[Chapter] | None = None
    highlights: list[Highlight] | None = None
    answers: list[Answer] | None = None
    extracted: Extracted | None = None
    evidence: Literal["self", "other"] | None = None
    degraded: list[Degradation]


class AnalysisFinding(Shape):
    """What the model wrote about one window, from `start` to `end`; `task` is the field of the result."""

    task: Annotated[str, Field(min_length=1, max_length=100)]
    start: float = Field(ge=0)
    end: float = Field(ge=0)
    written: dict[str, Any]


class AnalysisCheckpoint(Shape):
    """What was found of a recording so far, in windows of up to `window_seconds`."""

    engine: EngineName
    window_seconds: float = Field(gt=0)
    findings: Many[AnalysisFinding]
