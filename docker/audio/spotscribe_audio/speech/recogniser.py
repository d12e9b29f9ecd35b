"""The laptop's recogniser: faster-whisper with Whisper tiny.en. English only, no GPU, no torch."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, FloatSamples
from spotscribe_audio.packaged_models import packaged_files
from spotscribe_common.errors import CancelledWorkError, ModelMissingError
from spotscribe_common.process.offline import go_offline
from spotscribe_common.work.liveness import mark

# Name of the model in the catalogue.
MODEL = "tiny.en"
# Length of Whisper's input in seconds: a longer piece is decoded in several steps, of which only the first
# knows the prompt.
LONGEST_PIECE_SECONDS = 30.0


class RecognisedPart(NamedTuple):
    """A word or a part of one, with the space before it, its times in seconds, and its probability."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Recognition:
    """What was recognised in a piece of audio. Times are in seconds from its start.

    Attributes:
        parts: words and parts of words, in order of time.
        speech: start and end of each stretch of detected speech.
        avg_logprob: mean logarithm of the tokens' probabilities; 0 without words.
        no_speech_prob: greatest probability that nobody speaks in a decoded step; 0 without words.
    """

    parts: Sequence[RecognisedPart] = ()
    speech: Sequence[tuple[float, float]] = ()
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0

    @property
    def text(self) -> str:
        """All words, as Whisper writes them."""
        return "".join(part.text for part in self.parts).strip()


class Recogniser:
    """Recognises speech in English. Every result depends on the arguments alone, if the temperature is 0."""

    def __init__(self) -> None:
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The `faster_whisper.WhisperModel`.

        Raises:
            ModelMissingError: it is not loaded.
        """
        if self._model is None:
            raise ModelMissingError(f"The model {MODEL} is not loaded.")
        return self._model

    def prepare(self) -> None:
        """Imports faster-whisper.

        Raises:
            ModelMissingError: it is not installed.
        """
        go_offline()
        try:
            import faster_whisper  # noqa: F401, PLC0415
        except ImportError as error:
            raise ModelMissingError(
                f"faster-whisper is not installed ({error}). Install the service's requirements.laptop.txt."
            ) from error

    def load(self) -> None:
        """Checks the model's files and loads them.

        Raises:
            ModelMissingError: a package or a file is missing, or a file differs from the catalogue.
        """
        self.prepare()
        folder = packaged_files(MODEL)["model.bin"].parent
        import faster_whisper  # noqa: PLC0415

        self._model = faster_whisper.WhisperModel(
            str(folder), device="cpu", compute_type="int8", local_files_only=True
        )

    def recognise(
        self,
        audio: FloatSamples,
        cancelled: Callable[[], bool],
        *,
        hotwords: str | None = None,
        prompt: str | None = None,
        temperature: float = 0.0,
    ) -> Recognition:
        """The words of a piece.

        Args:
            audio: 16 kHz mono; of at most :data:`LONGEST_PIECE_SECONDS` if there is a prompt.
            cancelled: asked before each step.
            hotwords: words to listen for; what exceeds Whisper's context is cut.
            prompt: text as if it had been said before; what exceeds Whisper's context is cut.
            temperature: above 0, words are drawn at random.

        Raises:
            CancelledWorkError: `cancelled()` became true.
        """
        from faster_whisper.transcribe import restore_speech_timestamps  # noqa: PLC0415
        from faster_whisper.vad import collect_chunks, get_speech_timestamps  # noqa: PLC0415

        model = self.model
        _check(cancelled)
        speech = get_speech_timestamps(audio)
        mark()
        if not speech:
            return Recognition()
        segments, _ = model.transcribe(
            np.concatenate(collect_chunks(audio, speech)[0]),
            language="en",
            beam_size=1,
            # One temperature: by default, others are tried where words are improbable, which draw at random.
            temperature=temperature,
            condition_on_previous_text=False,
            initial_prompt=prompt,
            hotwords=hotwords,
            word_timestamps=True,
        )
        heard = list(_in_steps(restore_speech_timestamps(segments, speech, SAMPLE_RATE), cancelled))
        stretches = [(each["start"] / SAMPLE_RATE, each["end"] / SAMPLE_RATE) for each in speech]
        if not heard:
            return Recognition(speech=stretches)
        return Recognition(
            parts=[
                RecognisedPart(word.word, float(word.start), float(word.end), float(word.probability))
                for segment in heard
                for word in segment.words
            ],
            speech=stretches,
            avg_logprob=float(
                np.average(
                    [segment.avg_logprob for segment in heard],
                    weights=[len(segment.tokens) for segment in heard],
                )
            ),
            no_speech_prob=max(float(segment.no_speech_prob) for segment in heard),
        )


def _in_steps(segments: Iterable[Any], cancelled: Callable[[], bool]) -> Iterable[Any]:
    """The segments, which are decoded while they are read."""
    _check(cancelled)
    for segment in segments:
        mark()
        yield segment
        _check(cancelled)


def _check(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise CancelledWorkError
