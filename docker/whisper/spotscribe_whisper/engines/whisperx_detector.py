"""Stands in for whisperX's speech detector, to give back the memory that it leaves."""

from typing import Any

from spotscribe_common.process.memory import trim_heap


class TrimmingDetector:
    """Looks for speech, and leaves no holes behind: in 45 minutes they came to 200 MB.

    Args:
        detector: whisperX's; everything but the call is its own.
    """

    def __init__(self, detector: Any) -> None:
        self._detector = detector

    def __getattr__(self, name: str) -> Any:
        """What the detector has."""
        return getattr(self._detector, name)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Where there is speech, as the detector says it."""
        found = self._detector(*arguments, **options)
        trim_heap()
        return found
