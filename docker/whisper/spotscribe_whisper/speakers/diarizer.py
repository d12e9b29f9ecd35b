"""What a diarizer is to the service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.contract import SpeakerTurn


@dataclass(frozen=True)
class SpeakerCount:
    """How many speakers there are: `exact`, or bounds; None where nothing is known."""

    exact: int | None = None
    least: int | None = None
    most: int | None = None


# An embedding of shape (dimension,), of any length: its direction says whose voice it is. Zeros or NaN where
# there was too little speech to tell.
VoiceEmbedding = NDArray[np.floating]


@dataclass(frozen=True)
class VoiceDistances:
    """Limits of the cosine distance, 0 to 2, between two embeddings. Each kind of embedding has its own.

    Attributes:
        same: up to here, two voices of one file are one speaker.
        known: up to here, a speaker is the one of a reference recording: of another day, room and microphone.
    """

    same: float
    known: float


@dataclass(frozen=True)
class Diarized:
    """Who speaks when, and with which voice.

    Attributes:
        engine: name of the diarization engine, as results carry it.
        model: name of the model that told the speakers apart.
        distances: how far apart voices of the same person may be.
        turns: exclusive: ascending, not overlapping, one speaker each.
        voices: the voice of each of the turns' speakers, over the whole audio.
    """

    engine: str
    model: str
    distances: VoiceDistances
    turns: Sequence[SpeakerTurn]
    voices: Mapping[str, VoiceEmbedding]


class Diarizer(Protocol):
    """Says who speaks when. All but `model` is called from threads, one call at a time."""

    @property
    def model(self) -> str:
        """Name of the model, as results carry it."""

    def prepare(self) -> None:
        """Imports what loading needs, before the model's files are there."""

    def load(self) -> None:
        """Brings the model into memory, from local files alone; does nothing if it is there.

        Raises:
            ModelMissingError: a file is missing or corrupt; the message names it.
        """

    def diarize(
        self, pcm: Pcm, count: SpeakerCount, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Diarized:
        """Who speaks when in the whole audio.

        Args:
            pcm: the audio; read in pieces, so that memory stays flat however long it is.
            count: what is known of the number of speakers.
            progress: told how much is done, 0 to 1.
            cancelled: asked from time to time.

        Raises:
            CancelledWorkError: `cancelled()` became true.
        """

    def voice(self, pcm: Pcm) -> VoiceEmbedding | None:
        """The one voice of a short recording, to compare with those of :meth:`diarize`.

        Args:
            pcm: some seconds of one speaker; held in memory whole.

        Returns:
            None if there is too little speech in it to tell.
        """
