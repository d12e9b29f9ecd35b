"""What a body says, held against a model."""

import asyncio
import os
from typing import BinaryIO, TypeVar

from pydantic import BaseModel

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.receiving.body import SMALL_BYTES, Body
from spotscribe_common.receiving.form_reader import FormReader
from spotscribe_common.requests.form_fields import parsed_form
from spotscribe_common.requests.json_text import parsed_json

Model = TypeVar("Model", bound=BaseModel)


async def json_body(body: Body, model: type[Model]) -> Model:
    """A body in JSON as the model.

    Raises:
        InvalidRequestError: naming the field.
    """
    file = body.json
    if file is None:
        return parsed_json(b"", model)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size <= SMALL_BYTES:
        return parsed_json(file.read(), model)
    # In a thread: the checkpoint of hours is megabytes, and `/health` must be answered meanwhile.
    return await asyncio.to_thread(lambda: parsed_json(file.read(), model))


async def uploaded(form: FormReader, model: type[Model]) -> tuple[BinaryIO, Model]:
    """The uploaded `file` and the other fields.

    Raises:
        InvalidRequestError: no `file`, an unknown field, or a wrong value.
    """
    fields = await asyncio.to_thread(parsed_form, form, model)
    if form.file is None:
        raise InvalidRequestError("file is missing. Send it as the form's field 'file'.", param="file")
    return form.file, fields
