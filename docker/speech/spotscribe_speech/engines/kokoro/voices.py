"""The voices of Kokoro: files of styles, one style for each length of a text."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotscribe_common.errors import ModelMissingError
from spotscribe_speech.engines.engine import Voice
from spotscribe_speech.engines.kokoro.session import STYLE_SIZE

# Symbols that the model reads at once: https://huggingface.co/hexgrad/Kokoro-82M
MOST_SYMBOLS = 510
# The one that its makers rate best: https://huggingface.co/hexgrad/Kokoro-82M/blob/main/VOICES.md
_DEFAULT = "af_heart"
_NAME = re.compile(r"([ab])([fm])_[a-z]+")
_ACCENT = {
    "a": "American English",
    # The phonemes are those of American dictionaries: there are no free British ones in the package.
    "b": "British English voice with American pronunciation",
}
_SEX = {"f": "female", "m": "male"}
# OpenAI's voices (https://platform.openai.com/docs/guides/text-to-speech), and which of Kokoro's stand in.
ALIASES = {
    "alloy": "af_alloy",
    "ash": "am_michael",
    "ballad": "bm_george",
    "cedar": "am_fenrir",
    "coral": "af_bella",
    "echo": "am_echo",
    "fable": "bm_fable",
    "marin": "af_heart",
    "nova": "af_nova",
    "onyx": "am_onyx",
    "sage": "af_sarah",
    "shimmer": "af_sky",
    "verse": "am_puck",
}


@dataclass(frozen=True)
class StyledVoice:
    """A voice and its styles, of shape `(510, 256)`: a row for each number of symbols, from 1."""

    voice: Voice
    styles: NDArray[np.float32]


def read_voices(folder: Path) -> dict[str, StyledVoice]:
    """The English voices of a folder, the default first.

    The model has voices of other languages too. They are left out, because nothing here turns their languages
    into phonemes.

    Raises:
        ModelMissingError: there is none, or a file has the wrong size or numbers that are not finite.
    """
    files = {file.stem: file for file in sorted(folder.glob("*.bin")) if _NAME.fullmatch(file.stem)}
    if not files:
        raise ModelMissingError(
            f"There is no English voice in {folder}, such as {_DEFAULT}.bin. Put Kokoro's voices there."
        )
    names = sorted(files, key=lambda name: (name != _DEFAULT, name))
    return {name: StyledVoice(_described(name), _styles(files[name])) for name in names}


def _described(name: str) -> Voice:
    return Voice(name, ("en",), f"{_ACCENT[name[0]]}, {_SEX[name[1]]}")


def _styles(file: Path) -> NDArray[np.float32]:
    size = MOST_SYMBOLS * STYLE_SIZE * 4
    # Not read before it is measured.
    found = file.stat().st_size
    if found != size:
        raise ModelMissingError(
            f"The voice {file} has {found} bytes, and a voice of Kokoro has {size}. Fetch it again."
        )
    styles = np.fromfile(file, dtype="<f4").reshape(MOST_SYMBOLS, STYLE_SIZE)
    if not np.isfinite(styles).all():
        raise ModelMissingError(f"The voice {file} has numbers that are not finite. Fetch it again.")
    return styles.astype(np.float32, copy=False)
