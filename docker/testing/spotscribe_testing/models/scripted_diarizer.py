"""A diarizer under the test's control: two speakers who take turns of five seconds."""

from collections.abc import Callable

import numpy as np

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.contract import SpeakerTurn
from spotscribe_common.errors import CancelledWorkError
from spotscribe_whisper.speakers.diarizer import Diarized, SpeakerCount, VoiceDistances, VoiceEmbedding

TURN_SECONDS = 5.0
DISTANCES = VoiceDistances(same=0.4, known=0.65)
# Pitches in Hz that part the voices of recordings: the two speakers', and anybody else's.
_PITCHES = [300.0, 1000.0]


class ScriptedDiarizer:
    """Fails with what the test puts into `load_failure` (to load), `failure` (to work), `voice_failure`."""

    model = "scripted"

    def __init__(self) -> None:
        self.load_failure: Exception | None = None
        self.failure: Exception | None = None
        self.voice_failure: Exception | None = None
        self.counts: list[SpeakerCount] = []
        # Kept, so that only closing them closes their files.
        self.recordings: list[Pcm] = []

    def prepare(self) -> None:
        pass

    def load(self) -> None:
        if self.load_failure is not None:
            raise self.load_failure

    def diarize(
        self, pcm: Pcm, count: SpeakerCount, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> Diarized:
        self.counts.append(count)
        if cancelled():
            raise CancelledWorkError
        if self.failure is not None:
            raise self.failure
        found: list[SpeakerTurn] = []
        while (start := len(found) * TURN_SECONDS) < pcm.duration:
            end = min(start + TURN_SECONDS, pcm.duration)
            found.append(SpeakerTurn(start=start, end=end, speaker=f"SPEAKER_0{len(found) % 2}"))
            progress(end / pcm.duration)
        voices = {f"SPEAKER_0{number}": voice for number, voice in enumerate(np.eye(3)[:2])}
        return Diarized("scripted", self.model, DISTANCES, found, voices)

    def voice(self, pcm: Pcm) -> VoiceEmbedding | None:
        """A tone's: the first speaker's is low, the second's higher; silence is nobody's."""
        self.recordings.append(pcm)
        if self.voice_failure is not None:
            raise self.voice_failure
        samples = pcm.read(0, pcm.duration)
        if not samples.any():
            return None
        pitch = np.count_nonzero(np.diff(np.signbit(samples))) / 2 / pcm.duration
        return np.asarray(np.eye(3)[np.searchsorted(_PITCHES, pitch)])
