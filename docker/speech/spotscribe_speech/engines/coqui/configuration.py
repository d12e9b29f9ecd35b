"""What the model's `config.json` says of its shape and of how it speaks."""

import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError

# Of how it speaks, and how it listens to a reference.
_MANNERS = (
    "temperature", "length_penalty", "repetition_penalty", "top_k", "top_p",
    "gpt_cond_len", "gpt_cond_chunk_len", "max_ref_len",
)  # fmt: skip
# The vocabulary says it. Given here, the transformer would be made twice.
_FROM_THE_VOCABULARY = "gpt_number_text_tokens"


def read_configuration(file: Path) -> Any:
    """An `XttsConfig` with the numbers of a `config.json`.

    The package itself would also take paths and URLs of further models from it, and open them.

    Raises:
        ModelMissingError: the file is corrupt.
    """
    from TTS.tts.configs.xtts_config import XttsArgs, XttsAudioConfig, XttsConfig  # noqa: PLC0415

    try:
        read = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelMissingError(f"The model file {file} is corrupt: {error}. Fetch it again.") from error
    if not isinstance(read, dict):
        raise ModelMissingError(f"The model file {file} is not an object of JSON. Fetch it again.")
    shape = {field.name for field in fields(XttsArgs)} - {_FROM_THE_VOCABULARY}
    return XttsConfig(
        model_args=XttsArgs(**_numbers(read.get("model_args"), shape)),
        audio=XttsAudioConfig(
            **_numbers(read.get("audio"), (field.name for field in fields(XttsAudioConfig)))
        ),
        **_numbers(read, _MANNERS),
    )


def _numbers(values: Any, names: Iterable[str]) -> dict[str, bool | int | float]:
    if not isinstance(values, dict):
        return {}
    return {name: values[name] for name in names if isinstance(values.get(name), bool | int | float)}
