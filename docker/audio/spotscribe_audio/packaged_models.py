"""Models whose files a Python package installs, so that nothing is fetched."""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError

# The models of docker/models.json that come in packages, written by `npm run packaged-models`.
_LIST = Path(__file__).with_suffix(".json")
_CURE = "Install the requirements of this service for laptops again."


def packaged_files(name: str) -> dict[str, Path]:
    """The files of a model by their names in the catalogue; each was compared with the catalogue.

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
            f"The package {package} with the model {name} is not installed. {_CURE}"
        ) from None
    if installed.version != version:
        raise ModelMissingError(
            f"The package {package} with the model {name} has version {installed.version} instead of "
            f"{version}. {_CURE}"
        )
    files = {file["path"]: Path(str(installed.locate_file(file["inside"]))) for file in model["files"]}
    for file in model["files"]:
        _check(files[file["path"]], file["sha256"], package)
    return files


def link_packaged(name: str, directory: Path) -> None:
    """Makes a directory of links to the files of a model, as a service's model.

    Args:
        name: as in :func:`packaged_files`.
        directory: does not exist yet, or has such links.

    Raises:
        ModelMissingError: as :func:`packaged_files`.
    """
    files = packaged_files(name)
    directory.mkdir(parents=True, exist_ok=True)
    for path, file in files.items():
        link = directory / path
        link.unlink(missing_ok=True)
        link.symlink_to(file)


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
