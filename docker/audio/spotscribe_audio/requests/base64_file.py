"""Recordings inside of JSON and forms: base64 to a file without a name."""

import base64
import binascii
import errno
from typing import BinaryIO

from spotscribe_common.errors import DiskFullError, InvalidRequestError


def write_base64(content: str, file: BinaryIO, named: str) -> None:
    """Writes what the text stands for. Called in a thread: megabytes take their time.

    Args:
        content: base64, of which nothing is left out.
        file: where it goes.
        named: the content's name in the error.

    Raises:
        InvalidRequestError: the text is not base64.
        DiskFullError: the disk has no room.
    """
    try:
        decoded = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(f"{named} is not base64: {error}.") from None
    try:
        file.write(decoded)
        file.flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFullError("The scratch disk is full.", retry_after=30) from None
