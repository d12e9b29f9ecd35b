"""From decoded audio to the events of a transcription, window by window."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spotscribe_audio.audio.pcm import Pcm, Samples
from spotscribe_audio.language.one_language import undetected
from spotscribe_audio.speech.no_speech import wordless
from spotscribe_audio.speech.sounds import Sound, sounds_of
from spotscribe_audio.speech.windows import Window, cut_at_silences, energies_of, windows_from
from spotscribe_common.contract import (
    Degradation,
    Diarization,
    EngineName,
    Result,
    Segment,
    SegmentSent,
    StageChanged,
    Started,
    TranscribeEvent,
    Transcript,
    WindowDone,
)
from spotscribe_common.errors import CancelledWorkError, ServiceError
from spotscribe_common.process.memory import is_out_of_memory, release_memory
from spotscribe_common.work.metrics import Metrics
from spotscribe_common.work.model_thread import InTurn, at_once
from spotscribe_whisper.engines.engine import Engine, Hearing
from spotscribe_whisper.listener import Listener
from spotscribe_whisper.options import Options, lost_speaker
from spotscribe_whisper.segment_languages import main_language, text_of, with_languages
from spotscribe_whisper.speakers.channels import channel_speakers
from spotscribe_whisper.speakers.diarizer import Diarized, Diarizer, SpeakerCount, VoiceEmbedding
from spotscribe_whisper.speakers.result import spoken

_log = logging.getLogger(__name__)
# Share of the words in the progress of work that goes on to the speakers: an estimate.
_WORDS_SHARE = 0.6


@dataclass(frozen=True)
class Tools:
    """What transcribes: one engine, one diarizer, and where their times are counted.

    `in_turn` does the steps of the diarizer.
    """

    engine: Engine
    diarizer: Diarizer
    metrics: Metrics
    in_turn: InTurn = at_once


class Transcription:
    """Works through one audio.

    Memory: one window of one channel's samples, the diarizer's own, and the transcript so far.

    Args:
        pcm: the decoded audio, with its channels if each is to be heard by itself.
        tools: what transcribes.
        options: what the caller chose.
        emit: told every event; the last one is the result.
        cancelled: asked between the parts of the work.
    """

    def __init__(
        self,
        pcm: Pcm,
        tools: Tools,
        options: Options,
        emit: Callable[[TranscribeEvent], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._pcm = pcm
        self._tools = tools
        self._options = options
        self._emit = emit
        self._cancelled = cancelled
        self._duration = round(pcm.duration, 3)
        # A resumed run is told again what the first one has told.
        own = [*pcm.degraded, *options.lost_speakers]
        self._degraded: list[Degradation] = [
            *own, *(loss for loss in options.earlier_degraded if loss not in own),
        ]  # fmt: skip

    def run(self) -> None:
        """Emits all events.

        Raises:
            CancelledWorkError: `cancelled()` became true.
        """
        engine, asked = self._tools.engine, self._options.asked
        separate = asked.channels == "separate"
        sounds, energies, degraded = sounds_of(self._pcm, separate=separate, cancelled=self._cancelled)
        self._lacks(degraded)
        cuts = cut_at_silences(energies, engine.longest_window)
        heard_language = asked.language
        if heard_language is None:
            # From the audio's own beginning, also when work begins later: a resumed run
            # must not change its mind.
            first = windows_from(cuts, 0.0, self._duration)[0]
            samples = max((each.read(first.start, first.end) for each in sounds), key=_loudness)
            heard_language = engine.detect_language(samples, asked.languages, self._cancelled)
        is_assumed = asked.language is None and len(engine.languages()) == 1
        language = "en" if asked.task == "translate" else heard_language
        self._emit(
            Started(duration=self._duration, engine=engine.name, model=engine.model, language=language)
        )
        segments = self._segments(sounds, cuts, heard_language)
        language = main_language(segments, language)
        segments = with_languages(segments, language)
        if not segments:
            self._degraded += wordless(energies)
        elif is_assumed:
            self._lacks([undetected("transcript", engine.model, heard_language)])
        # The speakers of channels need no diarizer.
        diarization = channel_speakers(segments) if len(sounds) > 1 else None
        if asked.diarize:
            segments, diarization = self._with_speakers(segments, language)
        self._emit(
            Result(
                transcript=Transcript(
                    engine=EngineName(name=engine.name, model=engine.model),
                    language=language,
                    task=None if asked.task == "transcribe" else asked.task,
                    duration=self._duration,
                    track=self._pcm.track,
                    text=text_of(segments, language),
                    segments=segments,
                    diarization=diarization,
                    degraded=self._degraded,
                )
            )
        )

    def _segments(self, sounds: Sequence[Sound], cuts: list[float], heard_language: str) -> list[Segment]:
        options, asked = self._options, self._options.asked
        how = Hearing(
            language=heard_language,
            task=asked.task,
            prompt=asked.prompt,
            hotwords=asked.hotwords,
            temperature=options.temperature,
            # A translation is in English, whatever is spoken.
            languages=asked.languages or () if asked.task == "transcribe" else (),
        )
        listener = Listener(sounds, self._tools.engine, self._tools.metrics, how, options)
        segments = [piece.model_copy(update={"id": at}) for at, piece in enumerate(options.earlier)]
        for window in windows_from(cuts, min(options.start_at, self._duration), self._duration):
            heard = listener.hear(window, self._cancelled)
            for segment in heard.segments:
                segments.append(segment)
                self._emit(SegmentSent(segment=segment))
            self._lacks(heard.degraded)
            self._emit(self._done(window))
        return segments

    def _lacks(self, losses: Sequence[Degradation]) -> None:
        self._degraded += [loss for loss in losses if loss not in self._degraded]

    def _done(self, window: Window) -> WindowDone:
        share = _WORDS_SHARE if self._options.asked.diarize else 1.0
        part = window.end / self._duration if self._duration else 1.0
        return WindowDone(end=window.end, progress=round(part * share, 4), degraded=[*self._degraded] or None)

    def _with_speakers(
        self, segments: list[Segment], language: str
    ) -> tuple[list[Segment], Diarization | None]:
        """The segments by speaker; as they are, with the reason told, if diarization fails."""
        self._report("running", _WORDS_SHARE)
        try:
            diarized, known = self._tools.in_turn(self._voices, self._cancelled)
            found = spoken(diarized, known, segments, language, self._options)
        except CancelledWorkError:
            raise
        except Exception as error:  # the words are worth delivering without their speakers
            self._degraded.append(Degradation(stage="diarization", reason=f"No speakers: {_reason(error)}"))
            self._report("failed", 1.0)
            return segments, None
        self._report("succeeded", 1.0)
        return found.segments, found.diarization

    def _voices(self) -> tuple[Diarized, dict[str, VoiceEmbedding]]:
        """Who speaks when, and the voices that have a name."""
        with self._tools.metrics.timed("diarization"):
            return self._diarized(), self._known_voices()

    def _diarized(self) -> Diarized:
        asked, diarizer = self._options.asked, self._tools.diarizer
        diarizer.load()
        return diarizer.diarize(
            self._pcm,
            SpeakerCount(exact=asked.num_speakers, least=asked.min_speakers, most=asked.max_speakers),
            lambda part: self._report("running", _WORDS_SHARE + part * (1 - _WORDS_SHARE)),
            self._cancelled,
        )

    def _known_voices(self) -> dict[str, VoiceEmbedding]:
        """The voices by name. A recording that cannot be used is reported, and its name is left out."""
        options, found = self._options, dict[str, VoiceEmbedding]()
        for name, recording in zip(options.speaker_names, options.speaker_recordings, strict=False):
            if self._cancelled():
                raise CancelledWorkError
            try:
                voice = self._tools.diarizer.voice(recording)
                reason = "there is too little speech in the reference recording."
            except Exception as error:  # the speakers are worth delivering without a name
                voice, reason = None, _reason(error)
            if voice is None:
                self._degraded.append(lost_speaker(name, reason))
            else:
                found[name] = voice
        return found

    def _report(self, state: Literal["running", "succeeded", "failed"], progress: float) -> None:
        self._emit(StageChanged(stage="diarization", state=state, progress=round(progress, 4)))


def _loudness(samples: Samples) -> float:
    return float(np.square(energies_of(samples)).sum())


def _reason(error: Exception) -> str:
    if is_out_of_memory(error):
        release_memory()
        return "diarization ran out of memory."
    if isinstance(error, ServiceError):
        return error.message
    _log.error("diarization failed", exc_info=error)
    return f"diarization failed unexpectedly ({type(error).__name__}). The service's log says more."
