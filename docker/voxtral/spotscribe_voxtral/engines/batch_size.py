"""How many prompts are put to the model at once."""

import logging

_log = logging.getLogger(__name__)


class BatchSize:
    """A number of prompts that can be halved once, for good, when the memory does not suffice.

    Args:
        most: the number at first.

    Attributes:
        now: the number from here on.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = most

    def halve(self) -> bool:
        """Halves the number. False if it was halved before, or is one."""
        if self.now < self._most or self.now == 1:
            return False
        self.now //= 2
        _log.warning("out of memory: batches are of %d from here on", self.now)
        return True
