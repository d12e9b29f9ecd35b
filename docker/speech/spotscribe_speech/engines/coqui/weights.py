"""Weights from a file that may be anybody's."""

from pathlib import Path
from typing import Any

# XTTS's own file has its trainer's configuration as objects of these classes.
_CONFIGURATION = (
    "TTS.config.shared_configs.BaseDatasetConfig",
    "TTS.tts.configs.xtts_config.XttsConfig",
    "TTS.tts.models.xtts.XttsArgs",
    "TTS.tts.models.xtts.XttsAudioConfig",
)


class _Unused:
    """Stands for an object of the configuration, so that no class of the package is made from the file."""


def read_weights(file: Path) -> dict[str, Any]:
    """The file's dictionary, with the model's weights as `model`. Nothing in the file runs.

    Raises:
        pickle.UnpicklingError: the file has objects other than tensors, plain values and the configuration.
        RuntimeError: the file is damaged.
    """
    import torch  # noqa: PLC0415

    with torch.serialization.safe_globals([(_Unused, name) for name in _CONFIGURATION]):
        read: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    return read
