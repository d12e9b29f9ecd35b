"""A diarizer under the test's control: two speakers who take turns of five seconds."""

from collections.abc import Callable

from spotscribe_common.contract import SpeakerTurn
from spotscribe_common.pcm import Pcm
from spotscribe_whisper.engines.engine import CancelledTranscriptionError
from spotscribe_whisper.speakers.diarizer import SpeakerCount

TURN_SECONDS = 5.0


class ScriptedDiarizer:
    """Fails to load, or to work, with what the test puts into `load_failure` and `failure`."""

    model = "scripted"

    def __init__(self) -> None:
        self.load_failure: Exception | None = None
        self.failure: Exception | None = None
        self.counts: list[SpeakerCount] = []

    def load(self) -> None:
        if self.load_failure is not None:
            raise self.load_failure

    def turns(
        self, pcm: Pcm, count: SpeakerCount, progress: Callable[[float], None], cancelled: Callable[[], bool]
    ) -> list[SpeakerTurn]:
        self.counts.append(count)
        if cancelled():
            raise CancelledTranscriptionError
        if self.failure is not None:
            raise self.failure
        found: list[SpeakerTurn] = []
        while (start := len(found) * TURN_SECONDS) < pcm.duration:
            end = min(start + TURN_SECONDS, pcm.duration)
            found.append(SpeakerTurn(start=start, end=end, speaker=f"SPEAKER_0{len(found) % 2}"))
            progress(end / pcm.duration)
        return found
