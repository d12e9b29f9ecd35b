"""A whole body, received and on the disk: only then does its request take a place in the queue."""

import asyncio
import errno
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from fastapi import Request

from spotscribe_common.errors import DiskFullError, UnsupportedMediaError
from spotscribe_common.quoting import quoted
from spotscribe_common.receiving.form_reader import FormReader
from spotscribe_common.receiving.intake import Arrival, Intake
from spotscribe_common.receiving.stream import chunks

JSON = "application/json"
MULTIPART = "multipart/form-data"
# Up to this size a body stays in memory: a file and a thread for each write would take longer than the work.
SMALL_BYTES = 64 << 10
# Boundaries and headers of parts around the file.
_ENVELOPE_BYTES = 64 << 10


@dataclass(frozen=True)
class Accepted:
    """The bodies that a route takes: largest sizes in bytes, None for a kind that it does not take.

    Attributes:
        json: of a body in JSON.
        form: of a form with a file.
        text: of all fields of a form together.
    """

    json: int | None = None
    form: int | None = None
    text: int = 1 << 20

    @property
    def kinds(self) -> str:
        """Their content types, as an error names them."""
        named = [(MULTIPART, self.form), (JSON, self.json)]
        return " or ".join(kind for kind, most in named if most is not None)


@dataclass(frozen=True)
class Body:
    """What has come: JSON in a file, or a form."""

    json: BinaryIO | None = None
    form: FormReader | None = None


def content_type(request: Request) -> str:
    """The body's media type, in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def receive(
    request: Request, accepted: Accepted, intake: Intake, scratch: Path, opened: AsyncExitStack
) -> Body:
    """Receives the whole body.

    Args:
        request: whose body nobody has read.
        accepted: what may come.
        intake: bounds what comes at once.
        scratch: directory for the body's files, which have no names.
        opened: closes them.

    Raises:
        UnsupportedMediaError: another content type.
        InvalidRequestError: a malformed form, or a body that comes too slowly.
        UploadTooLargeError: more bytes than are accepted.
        CrowdedError: too many bodies at once.
        DiskFullError: the disk has no room.
    """
    kind = content_type(request)
    arrival = opened.enter_context(intake.arrival())
    try:
        if kind == JSON and accepted.json is not None:
            return Body(json=await _json(request, arrival, accepted.json, scratch, opened))
        if kind == MULTIPART and accepted.form is not None:
            form = opened.enter_context(
                FormReader(request.headers["content-type"], text=accepted.text, scratch=scratch)
            )
            async for chunk in chunks(request, arrival, most=accepted.form + _ENVELOPE_BYTES):
                await asyncio.to_thread(form.feed, chunk)
            await asyncio.to_thread(form.finish)
            return Body(form=form)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFullError("The scratch disk is full.", retry_after=30) from None
    raise UnsupportedMediaError(f"The content type {quoted(kind)} is not accepted. Send {accepted.kinds}.")


async def _json(
    request: Request, arrival: Arrival, most: int, scratch: Path, opened: AsyncExitStack
) -> BinaryIO:
    spooled = tempfile.SpooledTemporaryFile(SMALL_BYTES, dir=str(scratch))  # noqa: SIM115
    file = cast("BinaryIO", opened.enter_context(spooled))
    size = 0
    async for chunk in chunks(request, arrival, most=most):
        size += len(chunk)
        if size <= SMALL_BYTES:
            file.write(chunk)
        else:
            await asyncio.to_thread(file.write, chunk)
    file.seek(0)
    return file
