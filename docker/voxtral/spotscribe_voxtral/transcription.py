"""From decoded audio to the events of a transcription, piece by piece."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.language.language_choice import with_codes
from spotscribe_audio.language.languages import joined
from spotscribe_audio.language.one_language import undetected
from spotscribe_audio.speech.no_speech import wordless
from spotscribe_audio.speech.windows import Window, cut_at_silences, frame_energies, windows_from
from spotscribe_common.contract import (
    Degradation,
    EngineName,
    Result,
    Segment,
    SegmentSent,
    Started,
    TranscribeEvent,
    Transcript,
    TranscriptionOptions,
    WindowDone,
    Word,
)
from spotscribe_common.errors import InvalidRequestError
from spotscribe_voxtral.engines.engine import Engine
from spotscribe_voxtral.pieces import LONGEST_PIECE_SECONDS, PieceHearing

# "Undetermined" in ISO 639-3: the model hears the language and does not say which one.
UNDETERMINED = "und"
_LANGUAGE = re.compile(r"[a-z]{2}")
# Scripts without spaces, in which a character counts as a word: kana and ideographs.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True)
class TranscriptionOrder:
    """What the caller chose about one transcription.

    Attributes:
        asked: the choices of the contract.
        start_at: seconds at which to begin.
        earlier: what was heard before `start_at`, part of the result.
        earlier_degraded: what that lacks.
    """

    asked: TranscriptionOptions
    start_at: float = 0.0
    earlier: Sequence[Segment] = ()
    earlier_degraded: Sequence[Degradation] = ()


def checked(asked: TranscriptionOptions) -> TranscriptionOptions:
    """The choices with languages by their codes. Refuses what would give another text than the one asked for.

    Raises:
        InvalidRequestError: naming the field.
    """
    if asked.task == "translate":
        raise InvalidRequestError(
            "task translate: Voxtral was trained to transcribe in the language that is spoken. Use the "
            "whisper service, or ask for a translation with POST /v1/chat/completions.",
            param="task",
        )
    hint = "Give a code such as 'en', or leave it out: then the language that is heard is written."
    return with_codes(asked, lambda code: _LANGUAGE.fullmatch(code) is not None, hint)


class RecordingTranscription:
    """Works through one audio.

    Memory: one piece of samples and the transcript so far.

    Args:
        pcm: the decoded audio.
        engine: the model.
        order: what the caller chose.
        emit: told every event; the last one is the result.
        cancelled: asked between the pieces, and by the engine.
    """

    def __init__(
        self,
        pcm: Pcm,
        engine: Engine,
        order: TranscriptionOrder,
        emit: Callable[[TranscribeEvent], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._pcm = pcm
        self._engine = engine
        self._order = order
        self._emit = emit
        self._cancelled = cancelled
        self._duration = round(pcm.duration, 3)
        self._degraded: list[Degradation] = [*pcm.degraded]
        for loss in order.earlier_degraded:
            self._lacks(loss)

    def run(self) -> None:
        """Emits all events.

        Raises:
            CancelledGenerationError: `cancelled()` became true.
            OutOfMemoryError: the memory does not suffice.
        """
        engine, language = self._engine, self._order.asked.language
        named = UNDETERMINED if language is None else language
        for loss in _losses(self._order.asked):
            self._lacks(loss)
        self._emit(Started(duration=self._duration, engine=engine.name, model=engine.model, language=named))
        segments = self._segments(language)
        self._emit(
            Result(
                transcript=Transcript(
                    engine=EngineName(name=engine.name, model=engine.model),
                    language=named,
                    duration=self._duration,
                    track=self._pcm.track,
                    text=joined([segment.text for segment in segments], named),
                    segments=segments,
                    degraded=self._degraded,
                )
            )
        )

    def _segments(self, language: str | None) -> list[Segment]:
        energies = frame_energies(self._pcm)
        cuts = cut_at_silences(energies, LONGEST_PIECE_SECONDS)
        segments = [piece.model_copy(update={"id": at}) for at, piece in enumerate(self._order.earlier)]
        windows = windows_from(cuts, min(self._order.start_at, self._duration), self._duration)
        hearing = PieceHearing(self._pcm, self._engine, energies, language, self._cancelled)
        while windows:
            heard = hearing.heard(windows[: hearing.batch])
            windows = windows[len(heard.windows) :]
            for loss in heard.doubts:
                self._lacks(loss)
            for window in heard.windows:
                for piece, text in heard.texts[window]:
                    segment = Segment(
                        id=len(segments),
                        start=round(piece.start, 3),
                        end=round(piece.end, 3),
                        text=text,
                        words=shared_out(text, piece),
                    )
                    segments.append(segment)
                    self._lacks(_untimed(self._engine.name))
                    self._emit(SegmentSent(segment=segment))
                self._emit(self._done(window))
        if not segments:
            self._degraded += wordless(energies)
        elif language is None and self._engine.only_language is not None:
            self._lacks(undetected("transcript", self._engine.model, self._engine.only_language))
        return segments

    def _done(self, window: Window) -> WindowDone:
        part = window.end / self._duration if self._duration else 1.0
        return WindowDone(
            end=round(window.end, 3), progress=round(part, 4), degraded=[*self._degraded] or None
        )

    def _lacks(self, loss: Degradation) -> None:
        if loss not in self._degraded:
            self._degraded.append(loss)


def shared_out(text: str, window: Window) -> list[Word]:
    """The text's words with times: each has its share of the window by its length in characters."""
    found = _WORD.findall(text)
    total = sum(len(word) for word in found)
    words: list[Word] = []
    before = 0
    for word in found:
        start, end = (
            round(window.start + (window.end - window.start) * at / total, 3)
            for at in (before, before + len(word))
        )
        words.append(Word(word=word, start=start, end=end, interpolated=True))
        before += len(word)
    return words


def _untimed(engine: str) -> Degradation:
    return Degradation(
        stage="alignment",
        reason=f"The engine {engine} gives no times: each segment is a piece of up to "
        f"{LONGEST_PIECE_SECONDS:.0f} s, over which its words are shared out by their length.",
    )


def _losses(asked: TranscriptionOptions) -> list[Degradation]:
    """What was asked for and cannot be had, while the words can."""
    losses: list[Degradation] = []
    if asked.diarize:
        reason = "No speakers: this service does not tell voices apart. Use the whisper service."
        losses.append(Degradation(stage="diarization", reason=reason))
    if asked.channels == "separate":
        reason = "channels: mixed. This service does not tell channels apart. Use the whisper service."
        losses.append(Degradation(stage="diarization", reason=reason))
    for name, value in (("hotwords", asked.hotwords), ("prompt", asked.prompt)):
        if value is not None:
            reason = f"{name}: not used. Voxtral's mode for transcription takes nothing beside the audio."
            losses.append(Degradation(stage="transcript", reason=reason))
    if asked.languages is not None:
        reason = "languages: not used. Voxtral hears the language by itself, or is told one with language."
        losses.append(Degradation(stage="transcript", reason=reason))
    return losses
