"""Bodies of requests, read with bounds."""

import asyncio
import errno
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from spotscribe_common.disconnect import CallerGoneError
from spotscribe_common.errors import DiskFullError, InvalidRequestError, UploadTooLargeError

# A client that sends nothing for so long is given up: it holds a place that others wait for.
STALL_SECONDS = 30.0
# Boundaries and part headers around the file.
_ENVELOPE_BYTES = 64 << 10


async def read_body(request: Request, *, most: int) -> bytes:
    """The whole body.

    Raises:
        UploadTooLargeError: it is larger than `most` bytes.
        InvalidRequestError: the client stalled.
    """
    return b"".join([chunk async for chunk in _capped(request, most)])


@asynccontextmanager
async def read_form(
    request: Request, *, most: int, files: int = 1, fields: int = 32
) -> AsyncIterator[FormData]:
    """The fields of a multipart form; files lie, without a name, in the directory for temporary files.

    Raises:
        UploadTooLargeError: the body is larger than `most` bytes (and a little for the envelope).
        InvalidRequestError: not a well-formed multipart body, more parts than allowed, or the client stalled.
        DiskFullError: there is no room for the file.
    """
    body = _capped(request, most + _ENVELOPE_BYTES)
    try:
        form = await MultiPartParser(request.headers, body, max_files=files, max_fields=fields).parse()
    except MultiPartException as error:
        raise InvalidRequestError(f"The multipart body cannot be read: {error.message}") from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFullError("The scratch disk is full.", retry_after=30) from None
    except KeyError:
        raise InvalidRequestError("The content type lacks the multipart boundary.") from None
    try:
        yield form
    finally:
        await form.close()


async def _capped(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(f"{declared} bytes", most)
    size = 0
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
        if size > most:
            raise _too_large("larger", most)
        yield chunk


def _too_large(size: str, most: int) -> UploadTooLargeError:
    return UploadTooLargeError(f"The body is {size}, and at most {most} bytes are accepted.")
