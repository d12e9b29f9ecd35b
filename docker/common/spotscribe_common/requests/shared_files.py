"""Files that the worker lays on the shared volume."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from spotscribe_common.errors import SourceForbiddenError, SourceNotFoundError
from spotscribe_common.quoting import quoted


def open_shared(root: Path, path: str) -> BinaryIO:
    """Opens a regular file below `root` for reading.

    What is returned is the very file that was checked: a path that is swapped afterwards changes nothing.

    Args:
        root: the shared directory.
        path: path below it, as the caller gave it; symbolic links are followed, then judged by their target.

    Raises:
        SourceForbiddenError: the path, or what it links to, lies outside `root`.
        SourceNotFoundError: there is no regular file.
    """
    if "\0" in path:
        raise SourceForbiddenError(f"path {quoted(path)} holds a null character.", param="path")
    try:
        base = root.resolve(strict=True)
        target = (base / path).resolve()
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "its links form a loop"
        raise SourceNotFoundError(f"path {quoted(path)} cannot be resolved: {why}.", param="path") from None
    if not target.is_relative_to(base):
        raise SourceForbiddenError(
            f"path {quoted(path)} leads outside the shared directory. Give a path below it.", param="path"
        )
    try:
        # Not blocking: opening a pipe that nobody writes to would hang here.
        fd = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise SourceNotFoundError(
            f"path {quoted(path)} cannot be opened: {error.strerror}.", param="path"
        ) from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise SourceNotFoundError(f"path {quoted(path)} is not a regular file.", param="path")
    return os.fdopen(fd, "rb")
