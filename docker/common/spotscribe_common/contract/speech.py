"""Speech of a text: what is asked for, and what a stream says of the work."""

from typing import Annotated, Literal

from pydantic import Field

from spotscribe_common.contract.events import Failed
from spotscribe_common.contract.requests import LANGUAGE_CHARACTERS
from spotscribe_common.contract.shape import Shape
from spotscribe_common.contract.transcript import Degradation

# `pcm`: 16-bit samples, little-endian, one channel.
SpeechFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]
SpeechFileFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm", "m4b"]
SpokenTextFormat = Literal["text", "markdown", "ssml", "epub"]
VOICE_CHARACTERS = 100
SLOWEST, FASTEST = 0.25, 4.0


class SpeechOptions(Shape):
    """Options of a speech; see `SpeechOptions` in the contract."""

    voice: str | None = Field(default=None, min_length=1, max_length=VOICE_CHARACTERS)
    speed: float = Field(default=1.0, ge=SLOWEST, le=FASTEST)
    language: str | None = Field(default=None, max_length=LANGUAGE_CHARACTERS)
    text_format: SpokenTextFormat | None = None
    format: SpeechFileFormat = "mp3"
    chapters: bool = False
    loudness: bool = True


class SpeechEngine(Shape):
    """The engine and its model."""

    name: str
    model: str


class SpeechSource(Shape):
    """What the speech is made with; all parts of a result have the same.

    `plan` is the SHA-256 of the sentences to speak, in hex.
    """

    engine: SpeechEngine
    voice: str
    language: str
    sample_rate: int = Field(ge=0)
    plan: str


class SpeechTotals(Shape):
    """What was spoken so far. Characters are Unicode code points; seconds include pauses."""

    sentences: int = Field(ge=0)
    characters: int = Field(ge=0)
    seconds: float = Field(ge=0)


class EarlierSpeech(SpeechSource):
    """What an earlier attempt did: FLAC files on the shared volume. Its sentences are skipped."""

    totals: SpeechTotals
    parts: list[Annotated[str, Field(min_length=1, max_length=1024)]]


class SynthesizeRequest(SpeechOptions):
    """JSON body of `POST /synthesize`."""

    path: str = Field(min_length=1, max_length=1024)
    media_type: str | None = None
    earlier: EarlierSpeech | None = None


class SpeechChapter(Shape):
    """A chapter, in seconds from the start of the whole speech."""

    title: str | None = None
    start: float = Field(ge=0)
    end: float = Field(ge=0)


class SpeechFile(Shape):
    """A finished file; `chapter` is counted from 1 and absent for the whole text."""

    name: str = Field(pattern=r"^[a-z]+(-\d+)?\.(mp3|opus|aac|flac|wav|pcm|m4b)$")
    bytes: int = Field(ge=0)
    seconds: float = Field(ge=0)
    chapter: int | None = Field(default=None, ge=0)


class SpeechStarted(SpeechSource):
    """First line of a stream: the text is read."""

    type: Literal["started"] = "started"


class SpeechPart(Shape):
    """Some whole sentences as a FLAC file, in base64."""

    type: Literal["part"] = "part"
    data: str
    totals: SpeechTotals
    progress: float = Field(ge=0, le=1)


class SpeechMaking(Shape):
    """All sentences are spoken, and the files are being made."""

    type: Literal["making"] = "making"
    progress: float = Field(ge=0, le=1)


class SpeechPiece(Shape):
    """A piece of a finished file, in base64. Pieces of a file are in order, one file after another."""

    type: Literal["piece"] = "piece"
    name: str
    data: str


class SpeechResult(SpeechSource):
    """Last line of a success."""

    type: Literal["result"] = "result"
    totals: SpeechTotals
    chapters: list[SpeechChapter]
    files: list[SpeechFile]
    degraded: list[Degradation]


SynthesizeEvent = Annotated[
    SpeechStarted | SpeechPart | SpeechMaking | SpeechPiece | SpeechResult | Failed,
    Field(discriminator="type"),
]
