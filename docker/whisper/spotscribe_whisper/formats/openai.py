"""A transcript in the shapes of OpenAI's transcription API (its reference of `audio/transcriptions`).

Twin of `core/formats/openai-formats.ts`, but for the tokens: no tokenizer is at hand there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel

from spotscribe_audio.speech.compression import compression_ratio
from spotscribe_common.contract import Degradation, Segment, SoundTrack, Transcript, Word
from spotscribe_whisper.formats.characters import clean
from spotscribe_whisper.formats.rounding import halves_up
from spotscribe_whisper.formats.segments_in_time import segments_in_time
from spotscribe_whisper.segment_languages import languages_of, spaces_before

Tokens = Callable[[str], list[int]]
# Where diarization was wanted and failed, or a name is blank, the shape still wants one.
_NOBODY = "unknown"


class Usage(BaseModel):
    """What is charged elsewhere: the audio's length in seconds."""

    type: Literal["duration"] = "duration"
    seconds: float


class HeardLanguage(BaseModel):
    """A language that was heard."""

    code: str


class Answer(BaseModel):
    """What all JSON answers have in common; `degraded` is ours, and left out where nothing is missing."""

    text: str
    languages: list[HeardLanguage] | None = None
    usage: Usage
    # Ours, if the file has several sound tracks.
    track: SoundTrack | None = None
    degraded: list[Degradation] | None = None

    def to_json(self) -> str:
        """The answer, without what is not there."""
        return self.model_dump_json(exclude_none=True)


class VerboseWord(BaseModel):
    """A word; `interpolated` is ours: its times come from its neighbours."""

    word: str
    start: float
    end: float
    interpolated: bool | None = None


class VerboseSegment(BaseModel):
    """A segment in the words of Whisper; what the engine does not tell is left out."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float | None
    compression_ratio: float
    no_speech_prob: float | None
    # Ours, as are the channel, and the name of its language, if there are several.
    speaker: str | None = None
    channel: int | None = None
    language: str | None = None


class VerboseAnswer(Answer):
    """`response_format=verbose_json`."""

    task: Literal["transcribe", "translate"]
    language: str
    duration: float
    segments: list[VerboseSegment] | None = None
    words: list[VerboseWord] | None = None


class DiarizedSegment(BaseModel):
    """A segment of one speaker; the words and the channel are ours."""

    type: Literal["transcript.text.segment"] = "transcript.text.segment"
    id: str
    start: float
    end: float
    speaker: str
    channel: int | None = None
    text: str
    words: list[VerboseWord]


class DiarizedAnswer(Answer):
    """`response_format=diarized_json`."""

    task: Literal["transcribe", "translate"]
    duration: float
    segments: list[DiarizedSegment]


def text(transcript: Transcript) -> str:
    """`response_format=text`."""
    return f"{transcript.text}\n"


def plain(transcript: Transcript, *, languages: bool = False) -> Answer:
    """`response_format=json`; with the languages that were heard, if they are wanted."""
    return Answer(
        text=transcript.text,
        languages=_heard(transcript) if languages else None,
        usage=usage(transcript),
        track=transcript.track,
        degraded=transcript.degraded or None,
    )


def _heard(transcript: Transcript) -> list[HeardLanguage]:
    """None where nothing was said: what is detected then is chance."""
    if not transcript.text:
        return []
    codes = languages_of(transcript.segments, transcript.language)
    return [HeardLanguage(code=code) for code in codes]


def verbose(
    transcript: Transcript,
    languages: Mapping[str, str],
    tokens: Tokens,
    *,
    temperature: float,
    granularities: Sequence[Literal["word", "segment"]],
) -> VerboseAnswer:
    """`response_format=verbose_json`.

    Args:
        transcript: the result.
        languages: code to English name, which OpenAI answers with.
        tokens: the model's numbers for a text.
        temperature: the one that was asked for.
        granularities: what is to be listed; segments if it is empty.
    """
    segments = segments_in_time(transcript)
    words = [word for segment in segments for word in segment.words]
    spaces = spaces_before(segments, transcript.language)
    return VerboseAnswer(
        task=transcript.task or "transcribe",
        language=languages.get(transcript.language, transcript.language),
        duration=transcript.duration,
        text=transcript.text,
        segments=[
            _verbose_segment(segment, space, languages, tokens, temperature)
            for segment, space in zip(segments, spaces, strict=True)
        ]
        if "segment" in granularities or not granularities
        else None,
        words=[verbose_word(word) for word in words] if "word" in granularities else None,
        usage=usage(transcript),
        track=transcript.track,
        degraded=transcript.degraded or None,
    )


def diarized(transcript: Transcript) -> DiarizedAnswer:
    """`response_format=diarized_json`."""
    return DiarizedAnswer(
        task=transcript.task or "transcribe",
        duration=transcript.duration,
        text=transcript.text,
        segments=diarized_segments(transcript),
        usage=usage(transcript),
        track=transcript.track,
        degraded=transcript.degraded or None,
    )


def diarized_segments(transcript: Transcript) -> list[DiarizedSegment]:
    """The segments, also as the events of a stream."""
    return [_diarized_segment(segment) for segment in segments_in_time(transcript)]


def _diarized_segment(segment: Segment) -> DiarizedSegment:
    return DiarizedSegment(
        id=f"seg_{segment.id}",
        start=segment.start,
        end=segment.end,
        speaker=_NOBODY if segment.speaker is None or clean(segment.speaker) == "" else segment.speaker,
        channel=segment.channel,
        text=segment.text,
        words=[verbose_word(word) for word in segment.words],
    )


def usage(transcript: Transcript) -> Usage:
    """The audio's length."""
    return Usage(seconds=transcript.duration)


def verbose_word(word: Word) -> VerboseWord:
    """A word without its score."""
    return VerboseWord(word=word.word, start=word.start, end=word.end, interpolated=word.interpolated)


def _verbose_segment(
    segment: Segment, space: str, languages: Mapping[str, str], tokens: Tokens, temperature: float
) -> VerboseSegment:
    # As Whisper's own: the texts of all segments one after the other are the text.
    text = f"{space}{segment.text}" if segment.text else ""
    return VerboseSegment(
        id=segment.id,
        # In frames of 10 ms.
        seek=halves_up(segment.start * 100),
        start=segment.start,
        end=segment.end,
        text=text,
        tokens=tokens(text),
        temperature=temperature,
        avg_logprob=segment.avg_logprob,
        compression_ratio=halves_up(compression_ratio(segment.text) * 10_000) / 10_000,
        no_speech_prob=segment.no_speech_prob,
        speaker=segment.speaker,
        channel=segment.channel,
        language=None if segment.language is None else languages.get(segment.language, segment.language),
    )
