"""The mood of a recording from the moods of its windows."""

from collections.abc import Sequence
from typing import get_args

from spotscribe_common.contract import Sentiment, SentimentName
from spotscribe_voxtral.analysis.merging import Heard, evidence, without_repeats
from spotscribe_voxtral.analysis.shapes import WrittenSentiment

# From this share of the time on, a mood beside its opposite is part of the whole.
MIXED_SHARE = 0.25


def overall_sentiment(heard: Sequence[Heard[WrittenSentiment]]) -> Sentiment | None:
    """The mood that most of the time has; None if nobody speaks.

    Each window weighs as much as it is long, and a mixed one is half positive, half negative. The whole is
    mixed if positive and negative have each :data:`MIXED_SHARE` of the time. Of moods with equal shares it
    is the neutral one. The rule is ours: it is the same for every recording, and can be read off the windows.

    The reasons are those of the longest windows that bear it out: one, or for a mixed whole without a mixed
    window the positive and the negative one. The evidence is that of all windows that do.
    """
    spoken = [part for part in heard if part.written.overall is not None]
    if not spoken:
        return None
    overall = _overall(spoken)
    bearing = [part for part in spoken if part.written.overall == overall]
    moods: tuple[SentimentName, ...] = (overall,)
    if not bearing:
        moods = ("positive", "negative")
        bearing = [part for part in spoken if part.written.overall in moods]
    return Sentiment(
        overall=overall,
        reason=" ".join(_reason(bearing, mood) for mood in moods),
        evidence=without_repeats(piece for part in bearing for piece in evidence(part.window, part.written)),
    )


def _overall(spoken: Sequence[Heard[WrittenSentiment]]) -> SentimentName:
    seconds: dict[SentimentName | None, float] = dict.fromkeys(get_args(SentimentName), 0.0)
    for part in spoken:
        seconds[part.written.overall] += _seconds(part)
    whole = sum(seconds.values())
    shares: dict[SentimentName, float] = {
        # First: `max` takes the first of equals.
        "neutral": seconds["neutral"] / whole,
        "positive": (seconds["positive"] + seconds["mixed"] / 2) / whole,
        "negative": (seconds["negative"] + seconds["mixed"] / 2) / whole,
    }
    if min(shares["positive"], shares["negative"]) >= MIXED_SHARE:
        return "mixed"
    return max(shares, key=lambda mood: shares[mood])


def _reason(parts: Sequence[Heard[WrittenSentiment]], mood: SentimentName) -> str:
    return max((part for part in parts if part.written.overall == mood), key=_seconds).written.reason


def _seconds(part: Heard[WrittenSentiment]) -> float:
    return part.window.end - part.window.start
