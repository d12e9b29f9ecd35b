"""From a diarizer's turns to what the result says about speakers."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from spotscribe_common.contract import Diarization, Segment, SpeakerMerge, SpeakerTurn
from spotscribe_whisper.options import Options
from spotscribe_whisper.speakers.attribution import attributed
from spotscribe_whisper.speakers.cleaning.cleanup import clean
from spotscribe_whisper.speakers.diarizer import Diarized, VoiceEmbedding
from spotscribe_whisper.speakers.naming import names_of
from spotscribe_whisper.speakers.recognition import recognised


class Spoken(NamedTuple):
    """Segments of one speaker each, and who spoke when."""

    segments: list[Segment]
    diarization: Diarization


def spoken(
    found: Diarized,
    known: Mapping[str, VoiceEmbedding],
    segments: Sequence[Segment],
    language: str,
    options: Options,
) -> Spoken:
    """Cleans the turns up, gives every word to a speaker, and every speaker a name.

    Args:
        found: the diarizer's turns, and the voices of their speakers.
        known: the voices of those whom the caller knows, by name.
        segments: what was said, ascending.
        language: ISO 639-1 code of the text of segments without their own.
        options: which rules clean up, how many speakers stay, what they are called.
    """
    raw, asked = found.turns, options.asked
    words = [word for segment in segments for word in segment.words]
    least = asked.min_speakers if asked.num_speakers is None else asked.num_speakers
    cleaned = clean(raw, words, asked.speaker_cleanup, least)
    by_speaker = attributed(segments, cleaned.turns, language)
    # Those who say something first, then those who are only heard, then those whom the cleanup took away.
    order = chain(
        (segment.speaker for segment in by_speaker if segment.speaker is not None),
        (turn.speaker for turn in cleaned.turns),
        (turn.speaker for turn in raw),
    )
    present = {turn.speaker for turn in cleaned.turns}
    # A ghost's voice is somebody's, who would lose the name to it: only those who stay are compared.
    voices = {label: voice for label, voice in found.voices.items() if label in present}
    by_voice = recognised(voices, known, found.distances.known) if options.speaker_recordings else None
    names = names_of(order, options.speaker_names, by_voice)
    return Spoken(
        [segment.model_copy(update={"speaker": names.get(segment.speaker or "")}) for segment in by_speaker],
        Diarization(
            engine=found.engine,
            model=found.model,
            speakers=[name for label, name in names.items() if label in present],
            turns=_named(cleaned.turns, names),
            raw_turns=_named(raw, names),
            merges=[_named_merge(merge, names) for merge in cleaned.merges],
        ),
    )


def _named(turns: Sequence[SpeakerTurn], names: dict[str, str]) -> list[SpeakerTurn]:
    return [
        SpeakerTurn(start=round(turn.start, 3), end=round(turn.end, 3), speaker=names[turn.speaker])
        for turn in turns
    ]


def _named_merge(merge: SpeakerMerge, names: dict[str, str]) -> SpeakerMerge:
    return merge.model_copy(
        update={
            "start": round(merge.start, 3),
            "end": round(merge.end, 3),
            "from_": names[merge.from_],
            "to": names[merge.to],
        }
    )
