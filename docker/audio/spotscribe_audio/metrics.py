"""What every service that takes recordings counts, for Prometheus."""

from prometheus_client import Counter, Histogram

from spotscribe_common.work.metrics import Metrics

_SPEED_BUCKETS = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)


class AudioMetrics(Metrics):
    """What every model service counts, and seconds of audio.

    Args:
        done: what happens to the audio, in a word, such as `transcribed`.
        stages: names of the stages whose times are counted, beside `decode` and `wait`.
    """

    def __init__(self, done: str, stages: str) -> None:
        super().__init__(f"decode, {stages}")
        self._audio = Counter("spotscribe_audio_seconds", f"Seconds of audio {done}.", registry=self.registry)
        self._speed = Histogram(
            "spotscribe_real_time_factor",
            f"Seconds of audio {done} for each second of work on them; above 1 is faster than real time.",
            buckets=_SPEED_BUCKETS,
            registry=self.registry,
        )

    def heard(self, audio_seconds: float, work_seconds: float) -> None:
        """Counts audio that has been worked through."""
        self._audio.inc(audio_seconds)
        if work_seconds > 0:
            self._speed.observe(audio_seconds / work_seconds)
