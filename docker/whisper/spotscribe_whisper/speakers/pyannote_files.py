"""What must be in a diarization model's directory before pyannote tries to load it.

pyannote takes whatever is not a local path for the name of a repository and asks the hub for it; and what a
configuration leaves out, it takes from the hub as well. So every part has to be named, and to be there.
"""

import zipfile
from pathlib import Path
from typing import Any

from spotscribe_common.errors import ModelMissingError

_PIPELINES = (
    "pyannote.audio.pipelines.SpeakerDiarization",
    "pyannote.audio.pipelines.speaker_diarization.SpeakerDiarization",
)
# The parts of the pipeline, and the files of each. pyannote 4.0 loads the PLDA for every kind of clustering.
_PARTS = {
    "segmentation": ("pytorch_model.bin",),
    "embedding": ("pytorch_model.bin",),
    "plda": ("xvec_transform.npz", "plda.npz"),
}
_LOCAL = "$model/"
_CURE = "Put pyannote's speaker-diarization-community-1 into {}."


def check_diarization_model(directory: Path) -> None:
    """Looks for a pipeline in the layout of `speaker-diarization-community-1`.

    Raises:
        ModelMissingError: naming the file that is missing, empty or corrupt, or the entry of `config.yaml`
            that pyannote would ask the hub for.
    """
    parameters = _parameters(directory / "config.yaml")
    for part, names in _PARTS.items():
        folder = _folder(directory, part, parameters.get(part))
        for name in names:
            check_archive(folder / name, _CURE.format(directory))


def _parameters(config: Path) -> dict[str, Any]:
    import yaml  # noqa: PLC0415

    _check_file(config, _CURE.format(config.parent))
    try:
        pipeline = yaml.safe_load(config.read_bytes())["pipeline"]
        name, parameters = pipeline["name"], dict(pipeline["params"])
    except (yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        raise ModelMissingError(f"The model file {config} is corrupt: {error}. Fetch it again.") from error
    if name not in _PIPELINES:
        raise ModelMissingError(f"The pipeline in {config} is {name!r}; it must be {_PIPELINES[0]!r}.")
    return parameters


def _folder(directory: Path, part: str, value: object) -> Path:
    inside = isinstance(value, str) and value.startswith(_LOCAL) and "@" not in value and ".." not in value
    if not inside:
        found = "has no entry" if value is None else f"names {value!r} as"
        raise ModelMissingError(
            f"{directory / 'config.yaml'} {found} `{part}`, which would be fetched from the hub; nothing is. "
            f"Put the model into {directory / part} and write `{part}: {_LOCAL}{part}`."
        )
    return directory / str(value).removeprefix(_LOCAL)


def check_archive(file: Path, cure: str) -> None:
    """Looks for one of torch's checkpoints or numpy's arrays: zip archives with a checksum for each member.

    Args:
        file: where it should be.
        cure: what to do if it is missing.

    Raises:
        ModelMissingError: it is missing, empty or corrupt.
    """
    _check_file(file, cure)
    try:
        with zipfile.ZipFile(file) as archive:
            damaged = archive.testzip()
    except Exception as error:  # zipfile lets out many kinds where a header is damaged
        raise ModelMissingError(f"The model file {file} is corrupt: {error}. Fetch it again.") from error
    if damaged is not None:
        raise ModelMissingError(
            f"The model file {file} is corrupt: wrong checksum of {damaged}. Fetch it again."
        )


def _check_file(file: Path, cure: str) -> None:
    if not file.is_file():
        raise ModelMissingError(f"The model file {file} is missing. {cure}")
    if file.stat().st_size == 0:
        raise ModelMissingError(f"The model file {file} is empty. Fetch it again.")
