"""What a diarizer is to the service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from spotscribe_common.contract import SpeakerTurn
from spotscribe_common.pcm import Pcm


@dataclass(frozen=True)
class SpeakerCount:
    """How many speakers there are: `exact`, or bounds; None where nothing is known."""

    exact: int | None = None
    least: int | None = None
    most: int | None = None


class Diarizer(Protocol):
    """Says who speaks when. `load` and `turns` are called from threads, one at a time."""

    # Name of the model, as results carry it.
    model: str

    def load(self) -> None:
        """Brings the model into memory, from local files alone; does nothing if it is there.

        Raises:
            ModelMissingError: a file is missing or corrupt; the message names it.
        """

    def turns(
        self, pcm: Pcm, count: SpeakerCount, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> list[SpeakerTurn]:
        """Exclusive turns of the whole audio: ascending, not overlapping, one speaker each.

        Args:
            pcm: the audio; read in pieces, so that memory stays flat however long it is.
            count: what is known of the number of speakers.
            progress: told how much is done, 0 to 1.
            cancelled: asked from time to time.

        Raises:
            CancelledTranscriptionError: `cancelled()` became true.
        """
