"""How far the files are made."""

from collections.abc import Callable, Iterable, Iterator

from spotscribe_common.contract import SpeechMaking
from spotscribe_speech.engines.engine import Samples

# Of the progress. The rest is the making of the files, which tells of itself so many times.
SPEAKING = 0.95
_TOLD_TIMES = 10


class MakingTold:
    """Tells how far the making of the files is.

    Args:
        emit: what to tell.
        most: samples that are read in all, about.
    """

    def __init__(self, emit: Callable[[SpeechMaking], None], most: int) -> None:
        self._emit = emit
        self._most = max(most, 1)
        self._read = 0
        self._times = 0

    def reading(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """The same blocks, counted as they are read."""
        for block in blocks:
            yield block
            self._read += block.size
            share = min(1.0, self._read / self._most)
            if share * _TOLD_TIMES >= self._times + 1:
                self._times = int(share * _TOLD_TIMES)
                self._emit(SpeechMaking(progress=SPEAKING + (1 - SPEAKING) * share))
