"""Paths that a caller names stay below the shared directory."""

import os
from pathlib import Path

import pytest

from spotscribe_common.errors import SourceForbiddenError, SourceNotFoundError
from spotscribe_common.requests.shared_files import open_shared


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    root = tmp_path / "shared"
    (root / "job_1").mkdir(parents=True)
    (root / "job_1" / "input").write_bytes(b"audio")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "shared-too").mkdir()
    (tmp_path / "shared-too" / "input").write_bytes(b"secret")
    return root


@pytest.mark.parametrize("path", ["job_1/input", "job_1/../job_1/./input"])
def test_a_file_below_the_directory_is_opened(path: str, shared: Path) -> None:
    with open_shared(shared, path) as file:
        assert file.read() == b"audio"


def test_a_link_within_the_directory_is_followed(shared: Path) -> None:
    (shared / "link").symlink_to(shared / "job_1" / "input")
    with open_shared(shared, "link") as file:
        assert file.read() == b"audio"


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "job_1/../../secret",
        "/etc/passwd",
        "../shared-too/input",
        "..",
        "job_1/input\0",
        "~/../../secret",
    ],
)
def test_a_path_that_leads_outside_is_forbidden(path: str, shared: Path) -> None:
    with pytest.raises(SourceForbiddenError) as raised:
        open_shared(shared, path)
    assert raised.value.param == "path"


@pytest.mark.parametrize("target", ["secret", "shared-too/input"])
def test_a_link_that_leads_outside_is_forbidden(target: str, shared: Path, tmp_path: Path) -> None:
    (shared / "link").symlink_to(tmp_path / target)
    with pytest.raises(SourceForbiddenError):
        open_shared(shared, "link")


def test_a_linked_directory_that_leads_outside_is_forbidden(shared: Path, tmp_path: Path) -> None:
    (shared / "job_2").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(SourceForbiddenError):
        open_shared(shared, "job_2/secret")


def test_what_is_no_regular_file_is_not_found(shared: Path) -> None:
    os.mkfifo(shared / "pipe")
    (shared / "loop").symlink_to(shared / "loop")
    for path in ("job_1", "nothing", "pipe", "loop", "job_1/input/deeper", "x" * 300):
        with pytest.raises(SourceNotFoundError):
            open_shared(shared, path)
