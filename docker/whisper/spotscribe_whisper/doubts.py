"""Tells what may be wrong with the words of a window, with the times."""

from collections.abc import Sequence

from spotscribe_common.contract import Degradation
from spotscribe_whisper.engines.engine import Doubt, DoubtKind

_REASONS: dict[DoubtKind, str] = {
    "missing": "Words may be missing: there is speech without words at",
    "repeated": "The text repeats itself, which recognition does by mistake too, at",
    "uncertain": "The words are improbable at",
}


def told(
    doubts: Sequence[Doubt], offset: float, latest: float, channel: int | None = None
) -> list[Degradation]:
    """One reason for each kind of doubt, with the times of all of them.

    Args:
        doubts: of one window, with times from its start.
        offset: the window's start in seconds.
        latest: the audio's end in seconds.
        channel: number of the channel that was heard by itself.
    """
    where = "" if channel is None else f"Channel {channel}: "
    reasons = []
    for kind, reason in _REASONS.items():
        times = [
            f"{offset + doubt.start:.1f}–{min(offset + doubt.end, latest):.1f} s"  # noqa: RUF001 - a range of times
            for doubt in sorted(doubts, key=lambda each: each.start)
            if doubt.kind == kind
        ]
        if times:
            reasons.append(Degradation(stage="transcript", reason=f"{where}{reason} {', '.join(times)}."))
    return reasons
