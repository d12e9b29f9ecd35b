"""For machines on which nobody can tell speakers apart."""

from collections.abc import Callable

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.errors import ModelMissingError
from spotscribe_whisper.speakers.diarizer import Diarized, SpeakerCount, VoiceEmbedding


class NoDiarizer:
    """Says why there are no speakers.

    Args:
        reason: why, in words.
    """

    model = "none"

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def prepare(self) -> None:
        """There is nothing to import."""

    def load(self) -> None:
        """There is nothing to load.

        Raises:
            ModelMissingError: always, with the reason.
        """
        raise ModelMissingError(self._reason)

    def diarize(
        self,
        pcm: Pcm,  # noqa: ARG002
        count: SpeakerCount,  # noqa: ARG002
        progress: Callable[[float], None],  # noqa: ARG002
        cancelled: Callable[[], bool],  # noqa: ARG002
    ) -> Diarized:
        """See :meth:`load`."""
        raise ModelMissingError(self._reason)

    def voice(self, pcm: Pcm) -> VoiceEmbedding | None:  # noqa: ARG002
        """See :meth:`load`."""
        raise ModelMissingError(self._reason)
