"""Loads XTTS from its folder: without network, and without files written."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.process.memory import is_out_of_memory
from spotscribe_common.process.offline import go_offline
from spotscribe_common.quoting import shortened
from spotscribe_speech.engines.coqui.configuration import read_configuration
from spotscribe_speech.engines.coqui.weights import read_weights

_FILES = ("config.json", "model.pth", "vocab.json", "speakers_xtts.pth")
_MOST_CHARACTERS = 300


def import_xtts() -> Any:
    """The class of the model."""
    go_offline()
    with _without_espeak():
        from TTS.tts.models.xtts import Xtts  # noqa: PLC0415
    return Xtts


def load_xtts(folder: Path, device: str) -> Any:
    """The model, ready to speak.

    Args:
        folder: with `config.json`, `model.pth`, `vocab.json` and `speakers_xtts.pth`.
        device: `cuda` or `cpu`. The weights are in single precision on both: the package gives the
            transformer's results to the decoder as they are, so that the two cannot differ, and XTTS's
            467 million parameters are 1.9 GB, which a T4 has room for.

    Raises:
        ModelMissingError: a file is missing or corrupt, or has objects that could run code.
    """
    for name in _FILES:
        if not (folder / name).is_file():
            raise ModelMissingError(f"The model file {folder / name} is missing. Put XTTS v2 into {folder}.")
    Xtts = import_xtts()  # noqa: N806
    config = read_configuration(folder / "config.json")
    try:
        model = Xtts(config)
        # Its own reader writes the file anew if the configuration in it is made of objects.
        model._load_checkpoint = _model_weights
        model.load_checkpoint(config, checkpoint_dir=folder, eval=True, use_deepspeed=False)
    except UnpicklingError as error:
        raise ModelMissingError(
            f"A model file in {folder} has objects other than weights. They could run code, so it is not "
            "loaded. Fetch XTTS v2 again."
        ) from error
    except Exception as error:
        if is_out_of_memory(error):
            raise
        said = shortened(str(error), _MOST_CHARACTERS)
        raise ModelMissingError(f"The model in {folder} is corrupt: {said} Fetch it again.") from error
    return model.to(device)


def _model_weights(file: Path) -> Any:
    return read_weights(file)["model"]


@contextmanager
def _without_espeak() -> Iterator[None]:
    """Hides espeak-ng from coqui-tts, which would ask it for its version when it is imported.

    XTTS does not use it, and espeak-ng opens the machine's sound system, which writes to the home directory.
    """
    which: Any = shutil.which

    def without(cmd: str, *args: Any, **kwargs: Any) -> Any:
        return None if cmd in {"espeak", "espeak-ng"} else which(cmd, *args, **kwargs)

    module: Any = shutil
    module.which = without
    try:
        yield
    finally:
        module.which = which
