"""A folder for what a job writes, which is gone after it, and after a process that was killed."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "spotscribe-speech-"
# A folder that was just made may not be locked yet.
_NEW_SECONDS = 60.0


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A new folder, removed with all its content after the block.

    Folders that killed processes left are removed first: nobody holds their locks.

    Args:
        parent: where it lies.
    """
    _remove_left_over(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_left_over(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        # It may be in use, be removed at the same time, or belong to somebody else.
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < _NEW_SECONDS:
                continue
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)
