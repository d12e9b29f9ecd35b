"""Gives words to speakers: each segment is split where another voice begins."""

from collections.abc import Sequence

from spotscribe_audio.language.languages import joined
from spotscribe_common.contract import Segment, SpeakerTurn
from spotscribe_whisper.speakers.word_speakers import WordSpeakers


def attributed(segments: Sequence[Segment], turns: Sequence[SpeakerTurn], language: str) -> list[Segment]:
    """The segments, numbered anew, each with one speaker; unchanged if there are no turns.

    Args:
        segments: ascending.
        turns: exclusive and ascending.
        language: ISO 639-1 code of the text of segments without their own.
    """
    if not turns:
        return list(segments)
    speakers = WordSpeakers(turns)
    pieces = [piece for segment in segments for piece in _pieces(segment, speakers, language)]
    return [piece.model_copy(update={"id": number}) for number, piece in enumerate(pieces)]


def _pieces(segment: Segment, speakers: WordSpeakers, language: str) -> list[Segment]:
    runs = speakers.runs(segment.words)
    if not runs:
        return [segment.model_copy(update={"speaker": speakers.between(segment.start, segment.end)})]
    spoken_in = segment.language or language
    pieces = [
        segment.model_copy(
            update={
                "start": words[0].start,
                "end": words[-1].end,
                "text": joined([word.word for word in words], spoken_in) if len(runs) > 1 else segment.text,
                "words": words,
                "speaker": speaker,
            }
        )
        for speaker, words in runs
    ]
    # The recogniser's own ends of a segment; but an interpolated word may have been moved away from them.
    if not segment.words[0].interpolated:
        pieces[0] = pieces[0].model_copy(update={"start": segment.start})
    if not segment.words[-1].interpolated:
        pieces[-1] = pieces[-1].model_copy(update={"end": segment.end})
    return pieces
