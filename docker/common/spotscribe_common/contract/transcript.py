"""Transcripts: words, segments, who spoke when, and what is missing."""

from typing import Literal, get_args

from pydantic import Field

from spotscribe_common.contract.shape import Many, Shape

SpeakerRule = Literal["short_turns", "interjections", "minor_speakers"]
SPEAKER_RULES: tuple[SpeakerRule, ...] = get_args(SpeakerRule)
Task = Literal["transcribe", "translate"]
ChannelMode = Literal["mixed", "separate"]


class Word(Shape):
    """A word with its times; `interpolated` if the aligner gave none and they come from its neighbours."""

    word: str
    start: float
    end: float
    score: float | None = None
    interpolated: bool | None = None


class Segment(Shape):
    """A piece of speech; `language` is that of its text, if the transcript has several.

    `channel` is the number of the speaker's channel, from 1 on, if the channels were transcribed separately.
    Segments of different channels may overlap.
    """

    id: int
    start: float
    end: float
    text: str
    language: str | None = None
    words: Many[Word]
    speaker: str | None = None
    channel: int | None = Field(default=None, ge=1)
    avg_logprob: float | None = None
    no_speech_prob: float | None = None


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
    """Who spoke when: `turns` after the cleanup, `raw_turns` before, under the same names.

    Turns of the engine `channels` may overlap, those of others do not.
    """

    # Missing in transcripts of earlier versions.
    engine: str | None = None
    model: str
    speakers: list[str]
    turns: list[SpeakerTurn]
    raw_turns: list[SpeakerTurn]
    merges: list[SpeakerMerge]


class Degradation(Shape):
    """Something that the result lacks, and why."""

    stage: str
    reason: str


class SoundTrack(Shape):
    """The sound track that was heard, from 1 on, of a file that has several."""

    number: int
    count: int


class EngineName(Shape):
    """Which engine and model made a result."""

    name: str
    model: str


class Transcript(Shape):
    """The result of a transcription; `duration` is the length of the whole audio."""

    version: Literal[1] = 1
    engine: EngineName
    language: str
    task: Task | None = None
    duration: float
    track: SoundTrack | None = None
    text: str
    segments: list[Segment]
    diarization: Diarization | None = None
    degraded: list[Degradation]
