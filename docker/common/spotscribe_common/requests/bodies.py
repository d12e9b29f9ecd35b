"""What a body says, held against a model."""

import asyncio
import os
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from pydantic import BaseModel

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.receiving.body import SMALL_BYTES, Body
from spotscribe_common.receiving.form_reader import FormReader
from spotscribe_common.requests.form_fields import parsed_form
from spotscribe_common.requests.json_text import parsed_json

Model = TypeVar("Model", bound=BaseModel)
Read = TypeVar("Read")


async def json_body(body: Body, model: type[Model]) -> Model:
    """A body in JSON as the model.

    Raises:
        InvalidRequestError: naming the field.
    """
    file = body.json
    if file is None:
        return parsed_json(b"", model)
    return await by_size(body, lambda: parsed_json(file.read(), model))


async def by_size(body: Body, read: Callable[[], Read]) -> Read:
    """What `read` makes of a body in JSON: in a thread, unless the body is small.

    The checkpoint of hours is megabytes, and `/health` must be answered meanwhile.
    """
    size = 0 if body.json is None else body.json.seek(0, os.SEEK_END)
    if body.json is not None:
        body.json.seek(0)
    return read() if size <= SMALL_BYTES else await asyncio.to_thread(read)


async def uploaded(form: FormReader, model: type[Model]) -> tuple[BinaryIO, Model]:
    """The uploaded `file` and the other fields.

    Raises:
        InvalidRequestError: no `file`, an unknown field, or a wrong value.
    """
    fields = await asyncio.to_thread(parsed_form, form, model)
    if form.file is None:
        raise InvalidRequestError("file is missing. Send it as the form's field 'file'.", param="file")
    return form.file, fields
