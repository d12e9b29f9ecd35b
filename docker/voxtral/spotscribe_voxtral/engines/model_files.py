"""A Voxtral model as a directory of files: what must be there, and whole, before the engine loads it."""

import json
import math
from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError

_JSON_FILES = ("config.json", "preprocessor_config.json", "tekken.json")
_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"
# Of a safetensors file: the header's length, in the first 8 bytes, is bounded by the format itself.
_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000


def check_voxtral_model(directory: Path) -> int:
    """Looks for a Voxtral model in Transformers' layout; Mistral's `consolidated.safetensors` is not needed.

    Returns:
        How many numbers the weights are; how many bytes each has in memory is decided when they are loaded.

    Raises:
        ModelMissingError: naming the file that is missing, not JSON, or shorter than it says.
    """
    config, *_ = [_read_json(directory / name) for name in _JSON_FILES]
    if config.get("model_type") != "voxtral":
        raise ModelMissingError(
            f"{directory / 'config.json'} describes a model of the type {config.get('model_type')!r}, "
            f"not 'voxtral'. Put another model into {directory}."
        )
    return sum(_check_weights(shard) for shard in _shards(directory))


def _shards(directory: Path) -> list[Path]:
    index = directory / _INDEX
    if not index.is_file():
        return [directory / _SINGLE]
    places = _read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise ModelMissingError(f"The model file {index} is corrupt: it names no weights. Fetch it again.")
    # A name is one of this directory, whatever the file says.
    return [directory / Path(name).name for name in sorted({str(place) for place in places.values()})]


def _read_json(file: Path) -> dict[str, Any]:
    _must_exist(file)
    try:
        content = json.loads(file.read_bytes())
    except ValueError as error:
        raise ModelMissingError(f"The model file {file} is corrupt: {error}. Fetch it again.") from error
    if not isinstance(content, dict):
        raise ModelMissingError(f"The model file {file} is corrupt: it holds no object. Fetch it again.")
    return content


def _check_weights(file: Path) -> int:
    """Compares the file's length with what its header promises, and counts its numbers.

    The layout is that of https://github.com/huggingface/safetensors: the header's length, the header as JSON,
    with each tensor's first byte and the one after its last, and the tensors.
    """
    _must_exist(file)
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(_LENGTH_BYTES), "little")
        head = opened.read(length) if length <= _LONGEST_HEADER else b""
    try:
        tensors = [entry for name, entry in json.loads(head).items() if name != "__metadata__"]
        promised = _LENGTH_BYTES + length + max(entry["data_offsets"][1] for entry in tensors)
        numbers: int = sum(math.prod(entry["shape"]) for entry in tensors)
    except (ValueError, AttributeError, KeyError, TypeError, IndexError) as error:
        raise ModelMissingError(
            f"The model file {file} is corrupt: its header cannot be read. Fetch it again."
        ) from error
    found = file.stat().st_size
    if found != promised:
        raise ModelMissingError(
            f"The model file {file} has {found} bytes instead of {promised}. Fetch it again."
        )
    return numbers


def _must_exist(file: Path) -> None:
    if not file.is_file():
        raise ModelMissingError(
            f"The model file {file} is missing. Put a Voxtral model for Transformers into {file.parent}."
        )
