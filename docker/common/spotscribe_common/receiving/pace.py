"""How many bytes came lately: an average since the start would let a fast start pay for a slow rest."""

from collections import deque

WINDOW_SECONDS = 30.0
# The window moves in steps: a body may come in thousands of pieces per second.
_STEP_SECONDS = 1.0


class Pace:
    """Counts the bytes of a window of time that ends now."""

    def __init__(self) -> None:
        # Number of a step, and the bytes that came in it.
        self._steps: deque[tuple[int, int]] = deque()

    def add(self, now: float, count: int) -> None:
        """Counts bytes that came at `now`, in seconds."""
        step = int(now / _STEP_SECONDS)
        before = self._steps.pop()[1] if self._steps and self._steps[-1][0] == step else 0
        self._steps.append((step, before + count))
        self._forget(now)

    def recent(self, now: float) -> int:
        """Bytes of the last `WINDOW_SECONDS`, and of the rest of the step in which they began."""
        self._forget(now)
        return sum(count for _, count in self._steps)

    def _forget(self, now: float) -> None:
        began = int((now - WINDOW_SECONDS) / _STEP_SECONDS)
        while self._steps and self._steps[0][0] < began:
            self._steps.popleft()
