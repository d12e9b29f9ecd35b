"""The engine `kokoro`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from spotscribe_common.errors import InvalidRequestError, ModelMissingError
from spotscribe_common.process.offline import go_offline
from spotscribe_common.quoting import quoted
from spotscribe_common.work.device import Device
from spotscribe_common.work.liveness import mark
from spotscribe_speech.engines.engine import Samples, Voice
from spotscribe_speech.engines.kokoro import phonemes
from spotscribe_speech.engines.kokoro.model_files import graph_of, vocabulary_of
from spotscribe_speech.engines.kokoro.phonemes import Phonemizer
from spotscribe_speech.engines.kokoro.session import Session
from spotscribe_speech.engines.kokoro.voices import ALIASES, MOST_SYMBOLS, StyledVoice, read_voices
from spotscribe_speech.sound.joining import joined

_SAMPLE_RATE = 24_000
# Between two pieces of a long sentence, in seconds. A comma is about as long.
_PAUSE = 0.12
# Samples of so many symbols at the voice's own speed take 0.9 GB while they are computed (measured with the
# int8 weights on a processor). Slow speech has fewer symbols in a piece, and takes no more.
_LEAST_SYMBOLS = 100


class KokoroEngine:
    """Speaks English. The British voices have American pronunciation: see `phonemes`.

    Args:
        folder: of the model: its graph, vocabulary and voices.
        model: its name in requests.
    """

    def __init__(self, folder: Path, model: str) -> None:
        self._folder = folder
        self._model = model
        self._session: Session | None = None
        self._phonemizer: Phonemizer | None = None
        self._ids: dict[str, int] = {}
        self._voices: dict[str, StyledVoice] = {}

    @property
    def name(self) -> str:
        """Which engine it is."""
        return "kokoro"

    @property
    def model(self) -> str:
        """Which model it has."""
        return self._model

    @property
    def license(self) -> str | None:
        """Of the weights and the voices."""
        return "Apache-2.0"

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return _SAMPLE_RATE

    @property
    def voices(self) -> Sequence[Voice]:
        """The English ones, the default first."""
        return [styled.voice for styled in self._voices.values()]

    @property
    def aliases(self) -> dict[str, str]:
        """OpenAI's voices, as far as those that stand in for them are there."""
        return {alias: voice for alias, voice in ALIASES.items() if voice in self._voices}

    def prepare(self) -> None:
        """Loads the dictionaries, which come in a package, and imports ONNX Runtime.

        Raises:
            ModelMissingError: a package is missing.
        """
        go_offline()
        import onnxruntime  # noqa: F401, PLC0415

        self._reader()

    def load(self) -> None:
        """Loads the dictionaries, the voices and the graph.

        Raises:
            ModelMissingError: a file or a package is missing or corrupt.
        """
        self._ids = vocabulary_of(self._folder, self._reader().symbols)
        voices = read_voices(self._folder / "voices")
        self._session = Session(graph_of(self._folder))
        self._voices = voices
        self.speak("Ready.", self.voices[0], "en", 1.0)

    def _reader(self) -> Phonemizer:
        if self._phonemizer is None:
            try:
                self._phonemizer = Phonemizer()
            except ImportError as error:
                raise ModelMissingError(
                    f"The package {error.name} is not installed. "
                    "Install docker/speech/requirements.laptop.txt."
                ) from error
        return self._phonemizer

    def device(self) -> Device:
        """A GPU, or a processor."""
        return Device("cpu") if self._session is None else self._session.device()

    def unspeakable(self, text: str, language: str) -> str:  # noqa: ARG002
        """Characters without a sound in English: other scripts, emoji, most symbols."""
        return phonemes.unspeakable(text)

    def speak(self, text: str, voice: Voice, language: str, speed: float) -> Samples:  # noqa: ARG002
        """One sentence.

        Raises:
            InvalidRequestError: nothing in it has a sound in English.
        """
        if self._session is None or self._phonemizer is None:
            raise ModelMissingError("The model is not loaded.")
        found = self._phonemizer.phonemes(text)
        if not found:
            raise InvalidRequestError(
                f"The voice {voice.id!r} cannot speak {quoted(text)}: it has no word in English.",
                param="input",
            )
        most = max(_LEAST_SYMBOLS, int(MOST_SYMBOLS * min(1.0, speed)))
        spoken: list[Samples] = []
        cut = list(phonemes.pieces(found, most))
        for index, piece in enumerate(cut):
            ids = [self._ids[symbol] for symbol in piece]
            samples = self._session.run(ids, self._voices[voice.id].styles[len(ids) - 1], speed)
            mark()
            spoken.append(joined(samples, _PAUSE if index + 1 < len(cut) else 0.0, _SAMPLE_RATE))
        return np.concatenate(spoken)
