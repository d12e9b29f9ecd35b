"""Times within the recording. Twin of `core/formats/segments-in-time.ts`."""

from typing import TypeVar

from spotscribe_common.contract import Segment, Transcript, Word

_Timed = TypeVar("_Timed", Segment, Word)


def segments_in_time(transcript: Transcript) -> list[Segment]:
    """The segments and words with their times within the recording.

    Aligners and detectors of voices work in frames, the last of which ends after the audio.
    """
    duration = transcript.duration
    return [
        _within(segment, duration).model_copy(
            update={"words": [_within(word, duration) for word in segment.words]}
        )
        for segment in transcript.segments
    ]


def _within(timed: _Timed, duration: float) -> _Timed:
    if timed.end <= duration:
        return timed
    return timed.model_copy(update={"start": min(timed.start, duration), "end": min(timed.end, duration)})
