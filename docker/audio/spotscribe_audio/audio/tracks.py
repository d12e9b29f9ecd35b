"""The sound tracks of a file, and which of them is transcribed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spotscribe_common.errors import InvalidRequestError

# Parts of titles of tracks that lack the mark for what they are.
_COMMENTARY = re.compile(
    r"comment(ary|aire|ario|ar)|audio.?descri|visually impaired|hard of hearing", re.IGNORECASE
)
_ASIDE = ("comment", "hearing_impaired", "visual_impaired", "clean_effects", "descriptions", "karaoke")


@dataclass(frozen=True)
class Track:
    """A sound track.

    Attributes:
        number: from 1 on, among the file's sound tracks.
        channels: number of its channels, at least 1.
        layout: ffmpeg's name for what they are, such as `5.1(side)`; None if the file does not say.
        start_seconds: when it begins, from the beginning of the file.
        stated_seconds: its length as the file states it; None if it does not.
        unedited_seconds: its length without an edit list, such as a telephone writes to cut a recording; None
            if the container has none.
        is_default: whether the file marks it as the one to be played.
        is_aside: whether it is a commentary, a description, or made for people who hear or see badly.
        is_known: whether its codec has a name; ffmpeg cannot decode others.
    """

    number: int = 1
    channels: int = 1
    layout: str | None = None
    start_seconds: float = 0.0
    stated_seconds: float | None = None
    unedited_seconds: float | None = None
    is_default: bool = False
    is_aside: bool = False
    is_known: bool = True

    @property
    def has_useless_edits(self) -> bool:
        """Whether the edit list would leave nothing: it was never finished."""
        return self.unedited_seconds is not None and self.stated_seconds is None


def is_aside(disposition: Mapping[str, Any], title: str) -> bool:
    """Whether a track is not the recording itself, by ffprobe's disposition or by its title."""
    return any(disposition.get(name) for name in _ASIDE) or _COMMENTARY.search(title) is not None


def in_order(tracks: Sequence[Track], wanted: int | None) -> list[Track]:
    """The track that is wanted; without a wish all of them, the best one first.

    The best one is the recording itself, marked as default, with the most channels.

    Raises:
        InvalidRequestError: the wanted track does not exist.
    """
    if wanted is None:
        return sorted(
            tracks,
            key=lambda one: (not one.is_known, one.is_aside, not one.is_default, -one.channels, one.number),
        )
    if wanted > len(tracks):
        count = "1 sound track" if len(tracks) == 1 else f"{len(tracks)} sound tracks"
        raise InvalidRequestError(
            f"track is {wanted}, and the file has {count}. "
            + ("Leave it out." if len(tracks) == 1 else f"Send a number from 1 to {len(tracks)}."),
            param="track",
        )
    return [tracks[wanted - 1]]


def choice_told(heard: Track, tracks: Sequence[Track], passed_over: Mapping[int, str]) -> str:
    """What to say of the choice of one among several tracks.

    Args:
        heard: the one that was chosen.
        tracks: all.
        passed_over: numbers of better ones, and what was wrong with each.
    """
    why = "".join(f" Track {number} {reason}." for number, reason in passed_over.items())
    kind = ", which is marked as default," if heard.is_default and not passed_over else ""
    return (
        f"The file has {len(tracks)} sound tracks, and only track {heard.number}{kind} was heard.{why} "
        "Choose another one with the option track."
    )
