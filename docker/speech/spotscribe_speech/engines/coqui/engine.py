"""XTTS v2: 17 languages, its own speakers, and voices cloned with consent."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spotscribe_common.errors import InternalError, InvalidRequestError, ModelMissingError
from spotscribe_common.quoting import quoted
from spotscribe_common.work.device import Device
from spotscribe_common.work.liveness import mark
from spotscribe_speech.engines.coqui.loading import import_xtts, load_xtts
from spotscribe_speech.engines.coqui.reading import Reader
from spotscribe_speech.engines.coqui.references import read_references
from spotscribe_speech.engines.coqui.speakers import Speaker, built_in_speakers, by_id, cloned_speakers
from spotscribe_speech.engines.coqui.splitting import pieces
from spotscribe_speech.engines.coqui.stretching import stretched
from spotscribe_speech.engines.engine import Samples, Voice
from spotscribe_speech.sound.joining import joined

_log = logging.getLogger(__name__)
_LICENSE = "Coqui Public Model License 1.0.0 (non-commercial)"
_LICENSE_URL = "https://tts-hub.github.io/cpml"
# OpenAI's voices, and built-in speakers of the same sex.
_ALIASES = {
    "alloy": "daisy-studious",
    "ash": "damien-black",
    "ballad": "craig-gutsy",
    "cedar": "viktor-eka",
    "coral": "gracie-wise",
    "echo": "andrew-chipper",
    "fable": "royston-min",
    "marin": "sofia-hellen",
    "nova": "claribel-dervla",
    "onyx": "baldur-sanjin",
    "sage": "alison-dietlinde",
    "shimmer": "ana-florence",
    "verse": "dionisio-schuyler",
}
# The model draws its speech at random. Rarely it goes on after the text; another seed ends it.
_SEEDS = range(3)
# Between two pieces of a long sentence, in seconds. A comma is about as long.
_PAUSE = 0.12
_SAMPLE_RATE = 24_000


class CoquiEngine:
    """Runs XTTS v2 on a GPU if there is one.

    Args:
        models: folder with the models' folders.
        model: name of the model's folder.
        voices: name of the folder, in `models` too, with reference voices. None for none.
        is_license_accepted: whether the operator accepts the model's license.
    """

    def __init__(
        self,
        models: Path,
        model: str = "xtts-v2",
        *,
        voices: str | None = None,
        is_license_accepted: bool = False,
    ) -> None:
        self._folder = models / model
        self._references = None if voices is None else models / voices
        self._is_license_accepted = is_license_accepted
        self._model: Any = None
        self._reading: Reader | None = None
        self._speakers: dict[str, Speaker] = {}

    @property
    def name(self) -> str:
        """Which engine it is."""
        return "coqui"

    @property
    def model(self) -> str:
        """Which model it has."""
        return self._folder.name

    @property
    def license(self) -> str | None:
        """The model's license."""
        return _LICENSE

    @property
    def sample_rate(self) -> int:
        """Samples per second."""
        return _SAMPLE_RATE

    @property
    def voices(self) -> Sequence[Voice]:
        """The built-in speakers, then those of the references."""
        return [speaker.voice for speaker in self._speakers.values()]

    @property
    def aliases(self) -> dict[str, str]:
        """OpenAI's voices. Where the speaker for one is missing, the first one stands in."""
        first = next(iter(self._speakers), "")
        return {name: voice if voice in self._speakers else first for name, voice in _ALIASES.items()}

    def prepare(self) -> None:
        """Imports XTTS, and torch with it."""
        import_xtts()

    def load(self) -> None:
        """Loads the model, and listens to the references.

        Raises:
            ModelMissingError: the license is not accepted, a file is missing or corrupt, or a reference has
                no consent.
        """
        if not self._is_license_accepted:
            raise ModelMissingError(
                f"XTTS v2 has the {_LICENSE}: {_LICENSE_URL}. Read it and accept it by the setting "
                "acceptSpeechLicense, which sets SPEECH_LICENSE=accepted. Or choose another engine."
            )
        references = [] if self._references is None else read_references(self._references)
        import torch  # noqa: PLC0415

        self._model = load_xtts(self._folder, "cuda" if torch.cuda.is_available() else "cpu")
        self._reading = Reader(self._model)
        self._speakers = by_id([*built_in_speakers(self._model), *cloned_speakers(self._model, references)])
        first = self.voices[0]
        self.speak("Hello.", first, first.languages[0], 1)

    def device(self) -> Device:
        """The GPU with its memory, or the processor."""
        if self._model is None or self._model.device.type == "cpu":
            return Device("cpu")
        import torch  # noqa: PLC0415

        free, total = torch.cuda.mem_get_info()
        return Device("cuda", torch.cuda.get_device_name(), memory_total=total, memory_used=total - free)

    @property
    def _reader(self) -> Reader:
        if self._reading is None:
            raise ModelMissingError("The model is not loaded.")
        return self._reading

    def unspeakable(self, text: str, language: str) -> str:
        """The characters that the model has no tokens for."""
        return self._reader.unspeakable(text, language)

    def speak(self, text: str, voice: Voice, language: str, speed: float) -> Samples:
        """One sentence. The same text in the same voice is always spoken the same way.

        The model speaks at its own speed, and the result is stretched. Its own `speed` leaves out states of
        46 ms each, so that short sounds are lost.

        Args:
            text: in words, of any length. What is unspeakable is left out.
            voice: one of `voices`.
            language: one of the voice's.
            speed: 0.25 to 4.

        Raises:
            InvalidRequestError: the text has nothing that can be spoken in the language.
            InternalError: the model made no speech.
        """
        silent = self._reader.unspeakable(text, language)
        read = "".join(character for character in text if character not in silent)
        cut = pieces(read, lambda piece: self._reader.fits(piece, language))
        cut = [piece for piece in cut if any(map(str.isalnum, piece))]
        if not cut:
            raise InvalidRequestError(
                f"The voice {voice.id!r} cannot speak {quoted(text)} in the language {language!r}: it has no "
                "letter or digit that the model knows.",
                param="input",
            )
        spoken = []
        for index, piece in enumerate(cut):
            samples = self._spoken(piece, self._speakers[voice.id], language)
            spoken.append(joined(samples, _PAUSE if index + 1 < len(cut) else 0.0, _SAMPLE_RATE))
            mark()
        return stretched(np.concatenate(spoken), speed, _SAMPLE_RATE)

    def _spoken(self, piece: str, speaker: Speaker, language: str) -> Samples:
        import torch  # noqa: PLC0415

        config = self._model.config
        samples = np.zeros(0, np.float32)
        for seed in _SEEDS:
            torch.manual_seed(seed)
            made = self._model.inference(
                piece,
                language,
                speaker.latents,
                speaker.embedding,
                temperature=config.temperature,
                length_penalty=config.length_penalty,
                repetition_penalty=float(config.repetition_penalty),
                top_k=config.top_k,
                top_p=config.top_p,
            )
            samples = np.asarray(made["wav"], np.float32)
            if not samples.any() or not np.isfinite(samples).all():
                raise InternalError("The model made no speech, or samples that are no finite numbers.")
            if made["gpt_latents"].shape[1] < self._model.gpt.max_gen_mel_tokens:
                return samples
        _log.warning("a piece of %d characters was spoken without an end", len(piece))
        return samples
