"""The files in an EPUB. It is never unpacked to the disk, and no more is read than the limits allow."""

import io
import posixpath
import stat
import struct
import zipfile
import zlib
from typing import BinaryIO
from urllib.parse import unquote

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import quoted
from spotscribe_speech.text.limits import (
    MOST_DIRECTORY_BYTES,
    MOST_ENTRY_BYTES,
    MOST_RATIO,
    MOST_UNPACKED_BYTES,
    refuse,
)

# https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.16: the end of the central directory.
_END_MARK = b"PK\x05\x06"
_END_BYTES = 22
_MOST_COMMENT_BYTES = 65_535
_ZIP64_MARK = b"PK\x06\x07"
_ZIP64_BYTES = 20
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_IS_ENCRYPTED = 1
# What `zipfile` raises if the bytes are not as they should be: a wrong place in the file is a `ValueError`.
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)
# A ratio says nothing of a small file.
_LEAST_CHECKED_BYTES = 1 << 20


class Archive:
    """An open zip archive.

    Args:
        file: it.

    Raises:
        InvalidRequestError: it is damaged, or no zip archive.
        UploadTooLargeError: it has too many files.
    """

    def __init__(self, file: BinaryIO) -> None:
        _check_directory(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _DAMAGES as error:
            raise _damaged(error) from None
        self._unpacked = 0

    def __contains__(self, name: str) -> bool:
        return name in self._zip.NameToInfo

    def read(self, name: str) -> bytes:
        """A file.

        Raises:
            InvalidRequestError: it is damaged, encrypted, or no ordinary file.
            UploadTooLargeError: it is too large, or all that were read are.
        """
        info = self._zip.getinfo(name)
        _check(info)
        left = MOST_UNPACKED_BYTES - self._unpacked
        try:
            with self._zip.open(info) as file:
                # What the archive says of its size may be wrong.
                content = file.read(min(MOST_ENTRY_BYTES, left) + 1)
        except _DAMAGES as error:
            raise _damaged(error) from None
        if len(content) > MOST_ENTRY_BYTES:
            _refuse_entry(name)
        if len(content) > left:
            limit = f"{MOST_UNPACKED_BYTES >> 20} MiB"
            refuse("The text of the EPUB", f"more than {limit} unpacked", limit, "Split the book")
        self._unpacked += len(content)
        return content


def resolved(base: str, reference: str) -> tuple[str, str]:
    """The name of a file in the archive, and the fragment behind "#".

    Args:
        base: name of the file with the reference.
        reference: a relative URL.

    Raises:
        InvalidRequestError: it leads out of the archive.
    """
    path, _, fragment = reference.partition("#")
    path = unquote(path.partition("?")[0])
    name = posixpath.normpath(posixpath.join(posixpath.dirname(base), path)) if path else base
    if name.startswith(("/", "..")) or "://" in path or "\\" in name or "\0" in name:
        raise InvalidRequestError(f"The EPUB refers to {quoted(reference)}, which is not in it.")
    return name, unquote(fragment)


def _check_directory(file: BinaryIO) -> None:
    """Refuses a list of files that would take much memory: `ZipFile` reads it whole."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - _END_BYTES - _MOST_COMMENT_BYTES, 0))
    tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise _damaged("it has no list of files")
    (directory,) = struct.unpack_from("<L", tail, at + 12)
    if tail[max(at - _ZIP64_BYTES, 0) : at].startswith(_ZIP64_MARK) or directory > MOST_DIRECTORY_BYTES:
        limit = f"{MOST_DIRECTORY_BYTES >> 20} MiB"
        refuse("The EPUB", f"a list of files of more than {limit}", limit, "Leave files out")


def _check(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & _IS_ENCRYPTED:
        raise InvalidRequestError(
            f"The file {quoted(info.filename)} in the EPUB is encrypted. Give one without copy protection."
        )
    if info.compress_type not in _METHODS:
        raise InvalidRequestError(
            f"The file {quoted(info.filename)} in the EPUB is compressed by method {info.compress_type}. "
            "Use deflate, as the standard says."
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise InvalidRequestError(
            f"The file {quoted(info.filename)} in the EPUB is a link. Put the file itself."
        )
    if info.file_size > MOST_ENTRY_BYTES:
        _refuse_entry(info.filename)
    if info.file_size > max(info.compress_size * MOST_RATIO, _LEAST_CHECKED_BYTES):
        refuse(
            f"The file {quoted(info.filename)} in the EPUB",
            f"more than {MOST_RATIO} times its packed size",
            f"{MOST_RATIO} times",
            "Give an ordinary book",
        )


def _refuse_entry(name: str) -> None:
    limit = f"{MOST_ENTRY_BYTES >> 20} MiB"
    refuse(f"The file {quoted(name)} in the EPUB", f"more than {limit}", limit, "Split the file")


def _damaged(error: object) -> InvalidRequestError:
    return InvalidRequestError(f"The EPUB is damaged, or is no zip archive: {str(error)[:150]}.")
