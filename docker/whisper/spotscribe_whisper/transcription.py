"""From decoded audio to the events of a transcription, window by window."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spotscribe_common.contract import (
    Degradation,
    EngineName,
    Result,
    Segment,
    SegmentSent,
    Started,
    TranscribeEvent,
    Transcript,
    WindowDone,
)
from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.pcm import Pcm
from spotscribe_common.windows import Window, cut_at_silences, frame_energies, windows_from
from spotscribe_whisper.engines.engine import CancelledTranscriptionError, Engine
from spotscribe_whisper.words import to_segment


@dataclass(frozen=True)
class Options:
    """What the caller chose.

    Attributes:
        language: ISO 639-1 code; None detects it.
        start_at: seconds at which to begin.
    """

    language: str | None = None
    start_at: float = 0.0


def check_start(options: Options, pcm: Pcm) -> None:
    """Refuses to begin behind the audio's end.

    Raises:
        InvalidRequestError: `start_at` is greater than the audio's length.
    """
    # The end of the last window is told in milliseconds, which may round it past the last sample.
    if options.start_at > pcm.duration + 0.001:
        raise InvalidRequestError(
            f"start_at is {options.start_at:g} s and the audio ends at {pcm.duration:g} s.", param="start_at"
        )


def transcribe(
    pcm: Pcm, engine: Engine, options: Options, cancelled: Callable[[], bool]
) -> Iterator[TranscribeEvent]:
    """Works through the audio and yields events; the last one is the result.

    Memory: one window of samples and the transcript so far.

    Raises:
        CancelledTranscriptionError: `cancelled()` became true.
    """
    duration = round(pcm.duration, 3)
    yield Started(duration=duration, engine=engine.name, model=engine.model)
    cuts = cut_at_silences(frame_energies(pcm), engine.longest_window)
    language = options.language
    if language is None:
        # From the audio's own beginning, also when work begins later: a resumed run must not change its mind.
        first = windows_from(cuts, 0.0, duration)[0]
        language = engine.detect_language(pcm.read(first.start, first.end))
    segments: list[Segment] = []
    degraded: list[Degradation] = []
    for window in windows_from(cuts, min(options.start_at, duration), duration):
        if cancelled():
            raise CancelledTranscriptionError
        heard = engine.hear(pcm.read(window.start, window.end), language, cancelled)
        for piece in heard.segments:
            segment = to_segment(piece, len(segments), window.start)
            segments.append(segment)
            yield SegmentSent(segment=segment)
        degraded += [loss for loss in heard.degraded if loss not in degraded]
        yield _done(window, duration)
    yield Result(
        transcript=Transcript(
            engine=EngineName(name=engine.name, model=engine.model),
            language=language,
            duration=duration,
            text=" ".join(segment.text for segment in segments),
            segments=segments,
            degraded=degraded,
        )
    )


def _done(window: Window, duration: float) -> WindowDone:
    return WindowDone(end=window.end, progress=round(window.end / duration, 4) if duration else 1.0)
