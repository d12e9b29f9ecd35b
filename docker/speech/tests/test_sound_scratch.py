"""Folders of jobs are gone after them, and those of killed processes after the next job."""

import os
import time
from pathlib import Path

import pytest

from spotscribe_speech.sound.scratch import scratch_folder


def left_over(parent: Path, name: str, age_seconds: float) -> Path:
    folder = parent / name
    (folder / "deeper").mkdir(parents=True)
    (folder / "deeper" / "file").write_bytes(b"x")
    at = time.time() - age_seconds
    os.utime(folder, (at, at))
    return folder


def test_a_folder_is_gone_after_its_block_however_that_ends(tmp_path: Path) -> None:
    def fail() -> None:
        with scratch_folder(tmp_path) as folder:
            (folder / "file").write_bytes(b"x")
            raise ValueError("anything")

    with pytest.raises(ValueError, match="anything"):
        fail()
    assert [*tmp_path.iterdir()] == []


def test_only_old_folders_that_nobody_holds_are_removed(tmp_path: Path) -> None:
    old = left_over(tmp_path, "spotscribe-speech-old", 3600)
    new = left_over(tmp_path, "spotscribe-speech-new", 1)
    other = left_over(tmp_path, "somebody-else", 3600)
    with scratch_folder(tmp_path) as first:
        assert not old.exists()
        os.utime(first, (0, 0))
        with scratch_folder(tmp_path) as second:
            assert {*tmp_path.iterdir()} == {first, second, new, other}
    assert {*tmp_path.iterdir()} == {new, other}
