"""The folder of a Kokoro model: what must be there."""

import json
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError

# Of onnx-community's export, and of a folder that somebody has put together.
_GRAPHS = ("onnx/model.onnx", "model.onnx")
_VOCABULARIES = ("tokenizer.json", "vocab.json")
_VOCABULARY_BYTES = 1 << 20
# Rows of the model's table of symbols.
_MOST_IDS = 178


def graph_of(folder: Path) -> Path:
    """The file of the graph.

    Raises:
        ModelMissingError: there is none.
    """
    return _first(folder, _GRAPHS)


def vocabulary_of(folder: Path, needed: AbstractSet[str]) -> dict[str, int]:
    """The ids of the symbols.

    Args:
        folder: of the model.
        needed: the symbols that the phonemizer writes. One that is missing would not be spoken.

    Raises:
        ModelMissingError: the file is missing, corrupt, or another model's.
    """
    file = _first(folder, _VOCABULARIES)
    try:
        with file.open("rb") as opened:
            found = json.loads(opened.read(_VOCABULARY_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelMissingError(f"The model file {file} is corrupt: {error}. Fetch it again.") from error
    symbols = _table(found)
    if symbols is None:
        raise ModelMissingError(f"The model file {file} has no table of symbols. Fetch it again.")
    missing = sorted(needed - symbols.keys())
    if missing:
        raise ModelMissingError(
            f"The model file {file} lacks the symbols {''.join(missing)!r}. "
            "Put the vocabulary of Kokoro-82M there."
        )
    return symbols


def _table(found: Any) -> dict[str, int] | None:
    """`vocab`, or `model.vocab` as tokenizers write it."""
    if isinstance(found, dict) and isinstance(found.get("model"), dict):
        found = found["model"]
    table = found.get("vocab") if isinstance(found, dict) else None
    if not isinstance(table, dict):
        return None
    return table if all(type(each) is int and 0 <= each < _MOST_IDS for each in table.values()) else None


def _first(folder: Path, names: tuple[str, ...]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ModelMissingError(
        f"The model file {folder / names[0]} is missing. Put Kokoro-82M into {folder}: "
        "https://huggingface.co/onnx-community/Kokoro-82M-v1.0-ONNX"
    )
