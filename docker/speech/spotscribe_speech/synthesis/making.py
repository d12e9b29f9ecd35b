"""Progress of making the files."""

from collections.abc import Callable, Iterable, Iterator

from spotscribe_common.contract import SpeechMaking
from spotscribe_speech.engines.engine import Samples

# Share of a run's progress. Making the files is the rest.
SPEAKING = 0.95
# Events while the files are made.
_EVENTS = 10


class MakingProgress:
    """Reports the progress of making the files.

    Args:
        emit: receives the events.
        total: approximate number of samples to read.
    """

    def __init__(self, emit: Callable[[SpeechMaking], None], total: int) -> None:
        self._emit = emit
        self._total = max(total, 1)
        self._read = 0
        self._sent = 0

    def reading(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, counted as they are read."""
        for block in blocks:
            yield block
            self._read += block.size
            share = min(1.0, self._read / self._total)
            if share * _EVENTS >= self._sent + 1:
                self._sent = int(share * _EVENTS)
                self._emit(SpeechMaking(progress=SPEAKING + (1 - SPEAKING) * share))
