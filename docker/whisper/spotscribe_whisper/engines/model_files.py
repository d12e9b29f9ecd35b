"""Models as directories of files: what must be there before an engine tries to load them."""

import json
from pathlib import Path

from spotscribe_common.errors import ModelMissingError

_WHISPER_FILES = ("config.json", "model.bin", "tokenizer.json")
# The files of NLTK's sentence splitter.
_PUNKT_FILES = ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt")
_PUNKT_LANGUAGES = (
    "czech", "danish", "dutch", "english", "estonian", "finnish", "french", "german", "greek", "italian",
    "malayalam", "norwegian", "polish", "portuguese", "russian", "slovene", "spanish", "swedish", "turkish",
)  # fmt: skip


def check_whisper_model(directory: Path) -> None:
    """Looks for a ctranslate2 Whisper model.

    Raises:
        ModelMissingError: naming the file that is missing, empty, or not JSON.
    """
    for name in _WHISPER_FILES:
        file = directory / name
        if not file.is_file():
            raise ModelMissingError(
                f"The model file {file} is missing. Put a ctranslate2 Whisper model into {directory}."
            )
        if file.stat().st_size == 0:
            raise ModelMissingError(f"The model file {file} is empty. Fetch it again.")
        if file.suffix == ".json":
            _check_json(file)


def _check_json(file: Path) -> None:
    try:
        json.loads(file.read_bytes())
    except ValueError as error:
        raise ModelMissingError(f"The model file {file} is corrupt: {error}. Fetch it again.") from error


def sentence_rules(scratch: Path) -> Path:
    """A data directory for NLTK, which would otherwise download one at the first alignment.

    The rules are empty: every full stop that a space follows ends a sentence, also in abbreviations.
    """
    data = scratch / "nltk_data"
    for language in _PUNKT_LANGUAGES:
        directory = data / "tokenizers" / "punkt_tab" / language
        directory.mkdir(parents=True, exist_ok=True)
        for name in _PUNKT_FILES:
            (directory / name).touch()
    return data
