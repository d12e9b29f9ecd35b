"""Bodies of requests, read with bounds."""

import asyncio
import errno
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from spotscribe_common.disconnect import CallerGoneError
from spotscribe_common.errors import (
    DiskFullError,
    InvalidRequestError,
    UnsupportedMediaError,
    UploadTooLargeError,
)

# A client that sends nothing for so long is given up: it holds a place that others wait for.
STALL_SECONDS = 30.0
# And so is one that sends next to nothing again and again: no network for recordings is so slow.
_LEAST_BYTES_PER_SECOND = 1 << 10
# What clients write fields in. Python knows codecs that take a minute for a megabyte, such as punycode.
_CHARSETS = ("utf-8", "us-ascii")
# Boundaries and part headers around the file.
_ENVELOPE_BYTES = 64 << 10


async def read_body(request: Request, *, most: int) -> bytes:
    """The whole body.

    Raises:
        UploadTooLargeError: it is larger than `most` bytes.
        InvalidRequestError: the client stalled, or is too slow.
    """
    return b"".join([chunk async for chunk in _capped(request, most)])


@asynccontextmanager
async def spooled_body(request: Request, *, most: int, scratch: Path) -> AsyncIterator[BinaryIO]:
    """The whole body in a file without a name, at its beginning: many may come at once, and be large.

    Raises:
        UploadTooLargeError: it is larger than `most` bytes.
        InvalidRequestError: the client stalled, or is too slow.
        DiskFullError: there is no room for it.
    """
    with tempfile.TemporaryFile(dir=scratch) as file:
        try:
            async for chunk in _capped(request, most):
                file.write(chunk)
            file.seek(0)
        except OSError as error:
            raise _of_disk(error) from None
        yield file


@asynccontextmanager
async def read_form(
    request: Request, *, most: int, text: int, files: int = 1, fields: int = 64
) -> AsyncIterator[FormData]:
    """The fields of a multipart form; files lie, without a name, in the directory for temporary files.

    Args:
        request: with a multipart body.
        most: largest body in bytes.
        text: largest size in bytes of all fields together that are no files: they lie in memory.
        files: greatest number of files.
        fields: greatest number of other fields.

    Raises:
        UploadTooLargeError: the body is larger than `most` bytes (and a little for the envelope).
        InvalidRequestError: not a well-formed multipart body, more parts than allowed, or the client stalled
            or is too slow.
        UnsupportedMediaError: the fields are not in UTF-8.
        DiskFullError: there is no room for the file.
    """
    _refuse_charset(request)
    body = _capped(request, most + _ENVELOPE_BYTES)
    try:
        form = await _Parser(
            request.headers, body, max_files=files, max_fields=fields, max_part_size=text
        ).parse()
    except MultiPartException as error:
        raise InvalidRequestError(f"The multipart body cannot be read: {error.message}") from None
    except OSError as error:
        raise _of_disk(error) from None
    except KeyError:
        raise InvalidRequestError("The content type lacks the multipart boundary.") from None
    try:
        _lay_on_disk(form)
        yield form
    finally:
        await form.close()


class _Parser(MultiPartParser):
    """Lets the fields share their bound: Starlette's own is for each of them."""

    def on_part_end(self) -> None:
        super().on_part_end()
        _, value = self.items[-1]
        if isinstance(value, str):
            self.max_part_size -= len(value)


def _refuse_charset(request: Request) -> None:
    _, parameters = parse_options_header(request.headers.get("content-type"))
    charset = parameters.get(b"charset", b"utf-8").decode("latin-1").lower()
    if charset not in _CHARSETS:
        raise UnsupportedMediaError(f"The charset {charset!r} is not accepted. Send the fields in UTF-8.")


def _lay_on_disk(form: FormData) -> None:
    """Files below a megabyte are in memory until somebody asks for their descriptor, as ffmpeg does."""
    try:
        for _, value in form.multi_items():
            if isinstance(value, UploadFile):
                value.file.fileno()
    except OSError as error:
        raise _of_disk(error) from None


def _of_disk(error: OSError) -> Exception:
    """What a file that cannot be written means."""
    if error.errno != errno.ENOSPC:
        return error
    return DiskFullError("The scratch disk is full.", retry_after=30)


async def _capped(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(f"{declared} bytes", most)
    size, began = 0, time.monotonic()
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise InvalidRequestError(f"Nothing of the body came for {STALL_SECONDS:g} s.") from None
        except ClientDisconnect:
            raise CallerGoneError from None
        if chunk is None:
            return
        size += len(chunk)
        if time.monotonic() - began > STALL_SECONDS + size / _LEAST_BYTES_PER_SECOND:
            raise InvalidRequestError(
                f"The body comes at less than {_LEAST_BYTES_PER_SECOND} bytes a second."
            )
        if size > most:
            raise _too_large("larger", most)
        yield chunk


def _too_large(size: str, most: int) -> UploadTooLargeError:
    return UploadTooLargeError(f"The body is {size}, and at most {most} bytes are accepted.")
