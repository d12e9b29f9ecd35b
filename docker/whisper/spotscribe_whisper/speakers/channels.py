"""The speakers of a recording with one person on each channel."""

from collections.abc import Sequence

from spotscribe_common.contract import Diarization, Segment, SpeakerTurn

_NAME = "channels"
# Pauses within a turn.
_PAUSE_SECONDS = 0.5


def channel_speakers(segments: Sequence[Segment]) -> Diarization:
    """Who spoke when. Turns of different speakers overlap where their words do.

    Args:
        segments: ascending by their starts, each with its channel's speaker.
    """
    turns: list[SpeakerTurn] = []
    latest: dict[str, int] = {}
    for segment in segments:
        for start, end in [(word.start, word.end) for word in segment.words] or [
            (segment.start, segment.end)
        ]:
            speaker = segment.speaker or ""
            at = latest.get(speaker)
            if at is not None and start - turns[at].end <= _PAUSE_SECONDS:
                turns[at] = turns[at].model_copy(update={"end": max(turns[at].end, end)})
            else:
                latest[speaker] = len(turns)
                turns.append(SpeakerTurn(start=start, end=end, speaker=speaker))
    turns.sort(key=lambda turn: turn.start)
    return Diarization(
        engine=_NAME, model=_NAME, speakers=list(latest), turns=turns, raw_turns=turns, merges=[]
    )
