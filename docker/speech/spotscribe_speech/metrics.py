"""What the service counts, for Prometheus."""

from prometheus_client import Counter

from spotscribe_common.work.metrics import Metrics


class SpeechMetrics(Metrics):
    """What every service counts, and what was spoken."""

    def __init__(self) -> None:
        super().__init__("sentence, first (bytes of a request), synthesis (of a job)")
        self._characters = Counter("spotscribe_characters", "Characters spoken.", registry=self.registry)
        self._seconds = Counter(
            "spotscribe_speech_seconds", "Seconds of speech, pauses included.", registry=self.registry
        )

    def spoke(self, characters: int, seconds: float) -> None:
        """Counts a sentence's code points and its duration."""
        self._characters.inc(characters)
        self._seconds.inc(seconds)
