"""Who takes part in a conversation, and who is only a label that a diarizer made up."""

from collections import defaultdict
from collections.abc import Sequence

from spotscribe_common.contract import SpeakerTurn
from spotscribe_whisper.speakers.cleaning.stretches import stretches
from spotscribe_whisper.speakers.cleaning.utterances import Utterances

# Who speaks for so much of the time takes part, whatever she says.
MAJOR_SHARE = 0.05
# Others take part who say a sentence of their own with so many different words that are no backchannels, and
# speak for so long on end: "How did it start?" is enough, "That's great!" is not. Of somebody who is heard
# only once two are enough: there is nothing else to know her by.
CONTENT_WORDS = 3
CONTENT_WORDS_SAID_ONCE = 2
SUBSTANTIAL_SECONDS = 0.7
# Besides, so much of what they say must be whole sentences: of stretches cut out of somebody's speech little
# is. Half of it will do where they say two sentences of so many words, for full stops get lost.
WHOLE_SHARE = 0.8
WHOLE_SHARE_OF_SEVERAL, CONTENT_WORDS_OF_SEVERAL = 0.5, 4
# Without a transcript the length has to tell. Of 860 speakers in the development set of VoxConverse 0.3 only
# two never speak for 2 s on end, by the count of noScribe's makers; but a question may take less.
SUBSTANTIAL_SECONDS_WITHOUT_WORDS = 1.5


def participants(turns: Sequence[SpeakerTurn], utterances: Utterances, least: int) -> frozenset[str]:
    """The speakers who take part, and in any case the `least` ones who are likeliest to."""
    seconds = speech_seconds(turns, [turn.speaker for turn in turns])
    major = MAJOR_SHARE * sum(seconds.values())
    found = {
        speaker
        for speaker, spoken in seconds.items()
        if spoken >= major or _has_something_to_say(speaker, turns, utterances)
    }
    ranked = sorted(seconds, key=lambda speaker: (speaker in found, seconds[speaker]), reverse=True)
    return frozenset(found.union(ranked[:least]))


def speech_seconds(turns: Sequence[SpeakerTurn], speakers: Sequence[str]) -> dict[str, float]:
    """How long each speaker speaks; `speakers` says whose each turn is."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for turn, speaker in zip(turns, speakers, strict=True):
        seconds[speaker] += turn.end - turn.start
    return dict(seconds)


def _has_something_to_say(speaker: str, turns: Sequence[SpeakerTurn], utterances: Utterances) -> bool:
    joined = stretches(turns, [turn.speaker for turn in turns])
    own = [stretch for stretch in joined if stretch.speaker == speaker]
    longest = max(stretch.seconds for stretch in own)
    if not utterances.any:
        return longest >= SUBSTANTIAL_SECONDS_WITHOUT_WORDS
    everything = [turn for stretch in own for turn in stretch.turns]
    content = utterances.content(everything)
    if longest < SUBSTANTIAL_SECONDS or not content:
        return False
    whole = utterances.whole_share(everything)
    if len(content) > 1 and content[1] >= CONTENT_WORDS_OF_SEVERAL and whole >= WHOLE_SHARE_OF_SEVERAL:
        return True
    once = sum(bool(utterances.said(stretch.turns)) for stretch in own) == 1
    return content[0] >= (CONTENT_WORDS_SAID_ONCE if once else CONTENT_WORDS) and whole >= WHOLE_SHARE
