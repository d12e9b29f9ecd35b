"""Hears a recording window by window: each of its sounds in turn, with the words merged by time."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from spotscribe_audio.speech.sounds import Sound
from spotscribe_audio.speech.windows import Window, holds_sound
from spotscribe_common.contract import Degradation, Segment
from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.work.metrics import Metrics
from spotscribe_whisper.doubts import told
from spotscribe_whisper.engines.engine import Engine, Hearing
from spotscribe_whisper.options import Options
from spotscribe_whisper.speakers.naming import names_of
from spotscribe_whisper.words import to_segment


class HeardWindow(NamedTuple):
    """The segments of a window, ascending by their starts, and what is missing or doubtful."""

    segments: list[Segment]
    degraded: list[Degradation]


class Listener:
    """Hears windows in order. A channel's speaker is named when it says its first words.

    Args:
        sounds: of the recording.
        engine: loaded.
        metrics: where the engine's times are counted.
        how: the windows are heard.
        options: what was heard before, and names for the speakers.
    """

    def __init__(
        self, sounds: Sequence[Sound], engine: Engine, metrics: Metrics, how: Hearing, options: Options
    ) -> None:
        self._sounds = sounds
        self._engine = engine
        self._metrics = metrics
        self._how = how
        self._known = options.speaker_names
        self._count = len(options.earlier)
        # Of each channel, where its last words ended.
        self._ends = {segment.channel: segment.end for segment in options.earlier}

    def hear(self, window: Window, cancelled: Callable[[], bool]) -> HeardWindow:
        """Hears the next window.

        Raises:
            CancelledWorkError: `cancelled()` became true.
            OutOfMemoryError: the device's memory does not suffice.
        """
        found = HeardWindow([], [])
        for sound in self._sounds:
            if cancelled():
                raise CancelledWorkError
            samples = sound.read(window.start, window.end)
            if sound.channel is not None and not holds_sound(samples):
                continue
            heard = self._engine.hear(samples, self._how, cancelled)
            for stage, seconds in heard.seconds.items():
                self._metrics.took(stage, seconds)
            end = self._ends.get(sound.channel, 0.0)
            for piece in heard.segments:
                within = (max(end, window.start), window.end)
                segment = to_segment(piece, 0, window.start, within)
                end = segment.end
                found.segments.append(segment.model_copy(update={"channel": sound.channel}))
            doubts = told(heard.doubts, window.start, window.end, sound.channel)
            found.degraded.extend(loss for loss in [*heard.degraded, *doubts] if loss not in found.degraded)
        # One after another, the segments of a channel stay in their order.
        found.segments.sort(key=lambda segment: segment.start)
        return HeardWindow([self._numbered(segment) for segment in found.segments], found.degraded)

    def _numbered(self, segment: Segment) -> Segment:
        number, self._count = self._count, self._count + 1
        self._ends[segment.channel] = segment.end
        if segment.channel is None:
            return segment.model_copy(update={"id": number})
        # In the order in which they were added: that of their first words.
        channels = [str(channel) for channel in self._ends]
        speaker = names_of(channels, self._known)[str(segment.channel)]
        return segment.model_copy(update={"id": number, "speaker": speaker})
