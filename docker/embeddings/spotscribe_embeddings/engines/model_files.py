"""Folders of sentence-transformers models: what must be there, and what must not run."""

import json
from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError

# Modules and activations are named as Python classes, which are imported. Only these packages are allowed.
_PACKAGE = "sentence_transformers."
_ACTIVATIONS = "torch.nn."
_CURE = "Choose a model of sentence-transformers that needs no code of its own."


def check_sentence_model(folder: Path) -> None:
    """Looks for a model that loads without code from its folder.

    Raises:
        ModelMissingError: naming the file that is missing or corrupt, or the class that is not allowed.
    """
    modules = _json(folder / "modules.json")
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise ModelMissingError(f"The model file {folder / 'modules.json'} is not a list of modules.")
    for module in modules:
        kind = str(module.get("type", ""))
        if not kind.startswith(_PACKAGE):
            raise ModelMissingError(
                f"The model in {folder} has a module of the class {kind!r}, which is not part of "
                f"sentence-transformers. {_CURE}"
            )
        own = folder / str(module.get("path", ""))
        if not own.resolve().is_relative_to(folder.resolve()):
            raise ModelMissingError(f"The model in {folder} has a module outside of its folder: {own}.")
        _check_activation(own / "config.json")
    _json(folder / "config.json")


def config_of(folder: Path) -> dict[str, Any]:
    """The model's `config.json`."""
    found = _json(folder / "config.json")
    return found if isinstance(found, dict) else {}


def _check_activation(file: Path) -> None:
    if not file.is_file():
        return
    config = _json(file)
    named = config.get("activation_function") if isinstance(config, dict) else None
    if named is not None and not str(named).startswith(_ACTIVATIONS):
        raise ModelMissingError(
            f"The model file {file} names the activation {named!r}, which is not part of torch. {_CURE}"
        )


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except FileNotFoundError:
        raise ModelMissingError(
            f"The model file {file} is missing. Put a model of sentence-transformers into {file.parent}."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelMissingError(f"The model file {file} is corrupt: {error}. Fetch it again.") from error
