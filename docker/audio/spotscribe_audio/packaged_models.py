"""Models whose files a Python package installs, so that nothing is fetched."""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError

# The models of docker/models.json that come in packages, written by `npm run packaged-models`.
_LIST = Path(__file__).with_suffix(".json")


def packaged_model(name: str) -> Path:
    """The folder of a model, all of whose files were compared with the catalogue.

    Args:
        name: of a model of the catalogue that comes in a package.

    Raises:
        ModelMissingError: the package is not installed in this version, or a file is missing or differs.
    """
    model: dict[str, Any] = next(each for each in json.loads(_LIST.read_text()) if each["name"] == name)
    package, version = model["source"]["package"], model["source"]["version"]
    try:
        installed = distribution(package)
    except PackageNotFoundError:
        raise ModelMissingError(
            f"The package {package} with the model {name} is not installed. "
            "Install the service's requirements.laptop.txt."
        ) from None
    if installed.version != version:
        raise ModelMissingError(
            f"The package {package} with the model {name} has version {installed.version} instead of "
            f"{version}. Install the service's requirements.laptop.txt."
        )
    files = {Path(str(installed.locate_file(file["inside"]))): file["sha256"] for file in model["files"]}
    for path, sha256 in files.items():
        _check(path, sha256, package)
    return next(iter(files)).parent


def _check(file: Path, expected: str, package: str) -> None:
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        raise ModelMissingError(
            f"The model file {file} is missing. Install the package {package} again."
        ) from None
    if found != expected:
        raise ModelMissingError(
            f"The model file {file} has the SHA-256 {found} instead of {expected}. "
            f"Install the package {package} again."
        )
