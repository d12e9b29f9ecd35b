"""The engine for laptops: faster-whisper with Whisper tiny.en, whose weights come in a package. No GPU."""

import time
from collections.abc import Callable, Mapping, Sequence

from spotscribe_audio.audio.pcm import FloatSamples, Samples, as_float
from spotscribe_audio.speech.recogniser import LONGEST_PIECE_SECONDS, MODEL, Recogniser, Recognition
from spotscribe_common.process.memory import trim_heap
from spotscribe_common.work.device import Device
from spotscribe_common.work.model_thread import InTurn
from spotscribe_whisper.engines.decoding_context import context_texts
from spotscribe_whisper.engines.engine import Ability, Doubt, Heard, HeardWord, Hearing, Sharing
from spotscribe_whisper.engines.recognition.chunks import Chunk
from spotscribe_whisper.engines.recognition.decoding import Decoded, audible
from spotscribe_whisper.engines.recognition.reading import Reading
from spotscribe_whisper.engines.recognition.sentences import sentences
from spotscribe_whisper.engines.whisper_model import abilities_of, languages_of, tokens_of

_LANGUAGES = {"en": "english"}


class FasterWhisperEngine:
    """Decodes a window at once, greedily; words have the times of Whisper's attention."""

    longest_window = LONGEST_PIECE_SECONDS

    def __init__(self) -> None:
        self.name = "faster-whisper"
        self.model = MODEL
        self.abilities: frozenset[Ability] = frozenset()
        self._languages: Mapping[str, str] = {}
        self._recogniser = Recogniser()

    def prepare(self) -> None:
        """Imports faster-whisper."""
        self._recogniser.prepare()

    def load(self) -> None:
        """Checks the model's files, and loads them."""
        self._recogniser.load()
        self._languages = languages_of(self._recogniser.model, _LANGUAGES)
        self.abilities = abilities_of(self._recogniser.model)

    def share(self, in_turn: InTurn) -> Sharing | None:  # noqa: ARG002
        """It hears one recording after another."""
        return None

    def languages(self) -> Mapping[str, str]:
        """English. Empty before `load`."""
        return self._languages

    def device(self) -> Device:
        """The processor."""
        return Device("cpu")

    def detect_language(
        self,
        samples: Samples,  # noqa: ARG002
        among: Sequence[str] | None,  # noqa: ARG002
        cancelled: Callable[[], bool],  # noqa: ARG002
    ) -> str:
        """English."""
        return "en"

    def tokens(self, text: str) -> list[int]:
        """The model's numbers for a text, without special ones."""
        return tokens_of(self._recogniser.model, text)

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:
        """Transcribes one window."""
        began = time.monotonic()
        context = context_texts(self._recogniser.model, how)
        audio = as_float(samples)
        found = self._recogniser.recognise(
            audible(audio),
            cancelled,
            hotwords=context.hotwords,
            prompt=context.prompt,
            temperature=how.temperature,
        )
        heard = heard_in(found, audio)
        heard.degraded += context.degraded
        trim_heap()
        heard.seconds = {"recognition": time.monotonic() - began}
        return heard


def heard_in(found: Recognition, audio: FloatSamples) -> Heard:
    """The sentences of a window, and what is doubtful about them.

    Args:
        found: in the window.
        audio: of the window.
    """
    chunk = Chunk(0.0, audio, found.speech)
    parts = [HeardWord(*part) for part in found.parts]
    decoded = Decoded(found.text, parts, found.avg_logprob, found.no_speech_prob)
    reading = Reading(chunk, decoded, "en", timestamps=True)
    doubts = [Doubt("missing", hole.start, hole.end) for hole in reading.holes]
    if parts and (reading.is_loop or reading.is_uncertain):
        doubts.append(Doubt("repeated" if reading.is_loop else "uncertain", 0.0, chunk.seconds))
    segments = sentences(reading.piece(), "en", chunk) if parts else []
    return Heard(segments, doubts=doubts)
