"""Who takes part in a conversation, and who is only a label that a diarizer made up."""

from collections import defaultdict
from collections.abc import Sequence

from spotscribe_common.contract import SpeakerTurn
from spotscribe_whisper.speakers.stretches import stretches
from spotscribe_whisper.speakers.utterances import Utterances

# Who speaks for so much of the time takes part, whatever she says.
MAJOR_SHARE = 0.05
# Others take part who say a sentence of their own with so many different words that are no backchannels, and
# speak for so long on end: "How did it start?" is enough, "That's great!" is not.
CONTENT_WORDS = 3
SUBSTANTIAL_SECONDS = 0.8
# Besides, so much of what they say must be whole sentences. Of stretches cut out of somebody's speech
# little is.
WHOLE_SHARE = 0.7
# Without a transcript the length has to tell. Of 860 speakers in the development set of VoxConverse 0.3 only
# two never speak for 2 s on end, by the count of noScribe's makers; but a question may take less.
SUBSTANTIAL_SECONDS_WITHOUT_WORDS = 1.5


def participants(turns: Sequence[SpeakerTurn], utterances: Utterances, least: int) -> frozenset[str]:
    """The speakers who take part, and in any case the `least` ones who are likeliest to."""
    shares = speech_shares(turns, [turn.speaker for turn in turns])
    found = {
        speaker
        for speaker, share in shares.items()
        if share >= MAJOR_SHARE or _has_something_to_say(speaker, turns, utterances)
    }
    ranked = sorted(shares, key=lambda speaker: (speaker in found, shares[speaker]), reverse=True)
    return frozenset(found.union(ranked[:least]))


def speech_shares(turns: Sequence[SpeakerTurn], speakers: Sequence[str]) -> dict[str, float]:
    """Each speaker's share of the speech time, 0 to 1; `speakers` says whose each turn is."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for turn, speaker in zip(turns, speakers, strict=True):
        seconds[speaker] += turn.end - turn.start
    total = sum(seconds.values()) or 1.0
    return {speaker: spoken / total for speaker, spoken in seconds.items()}


def _has_something_to_say(speaker: str, turns: Sequence[SpeakerTurn], utterances: Utterances) -> bool:
    own = [number for number, turn in enumerate(turns) if turn.speaker == speaker]
    joined = stretches(turns, [turn.speaker for turn in turns])
    longest = max(stretch.seconds for stretch in joined if stretch.speaker == speaker)
    if not utterances.any:
        return longest >= SUBSTANTIAL_SECONDS_WITHOUT_WORDS
    return (
        longest >= SUBSTANTIAL_SECONDS
        and utterances.most_content(own) >= CONTENT_WORDS
        and utterances.whole_share(own) >= WHOLE_SHARE
    )
