"""Bodies of requests, JSON and multipart forms, held against a model."""

import asyncio
import gc
from contextlib import AsyncExitStack
from typing import Any, BinaryIO, TypeVar, get_origin

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from spotscribe_common.errors import InvalidRequestError, UnsupportedMediaError
from spotscribe_common.http_errors import invalid_request
from spotscribe_common.uploads import read_body, read_form

Form = TypeVar("Form", bound=BaseModel)
JSON = "application/json"
MULTIPART = "multipart/form-data"
_TEXT_BYTES = 1 << 20
# A body with more to complain of than this was never meant for us.
_MOST_COMPLAINTS = 100


def content_type(request: Request) -> str:
    """The body's media type, in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def json_body(request: Request, model: type[Form], *, most: int) -> Form:
    """The JSON body as the model.

    Raises:
        UploadTooLargeError: it is larger than `most` bytes.
        InvalidRequestError: naming the field.
    """
    # In a thread: the checkpoint of hours is megabytes, and `/health` must be answered meanwhile.
    return await asyncio.to_thread(parsed_json, await read_body(request, most=most), model)


def parsed_json(body: bytes, model: type[Form]) -> Form:
    """JSON as the model.

    Raises:
        InvalidRequestError: naming the field.
    """
    # Pydantic holds Python's lock until it is done, and nothing that it makes is in a cycle: looking for
    # cycles meanwhile, again and again, took five times as long as all the rest.
    gc.disable()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # Spelling out a million of them takes seconds and a gigabyte.
        raise invalid_request(error.errors() if error.error_count() <= _MOST_COMPLAINTS else []) from None
    finally:
        gc.enable()


async def uploaded(
    request: Request, model: type[Form], most: int, opened: AsyncExitStack, *, text: int = _TEXT_BYTES
) -> tuple[BinaryIO, Form]:
    """The uploaded `file` and the other fields.

    Args:
        request: with a multipart body.
        model: of the fields but `file`.
        most: largest body in bytes.
        opened: closes the file.
        text: largest size in bytes of the other fields together.

    Raises:
        UnsupportedMediaError: the body is not multipart.
        InvalidRequestError: no `file`, an unknown field, or a wrong value.
        UploadTooLargeError: the body is larger than `most`.
    """
    kind = content_type(request)
    if kind != MULTIPART:
        raise UnsupportedMediaError(f"The content type {kind!r} is not accepted. Send {MULTIPART}.")
    form = await opened.enter_async_context(read_form(request, most=most, text=text))
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise InvalidRequestError("file is missing. Send the audio as the form's field 'file'.", param="file")
    fields = parsed(form, model)
    upload.file.flush()
    return upload.file, fields


def parsed(form: FormData, model: type[Form]) -> Form:
    """The form's text fields as the model.

    A list is sent as `name[]` or as `name`, once for each entry. Empty text counts as a field left out, as
    browsers send it.

    Raises:
        InvalidRequestError: naming the field.
    """
    fields: dict[str, Any] = {}
    for key in dict.fromkeys(form.keys()):
        if key == "file":
            continue
        values = [value for value in form.getlist(key) if value != ""]
        name = key.removesuffix("[]")
        described = model.model_fields.get(name)
        if described is None:
            # An object's fields, as OpenAI's clients send them: chunking_strategy[type]=server_vad.
            if key.partition("[")[0] in model.model_fields:
                continue
            known = ", ".join(sorted(model.model_fields))
            raise InvalidRequestError(f"{key} is not a known field. Known: file, {known}.", param=key)
        if get_origin(described.annotation) is list:
            if values:
                fields.setdefault(name, []).extend(values)
        elif len(values) > 1:
            raise InvalidRequestError(f"{name} is given {len(values)} times. Give it once.", param=name)
        elif values:
            fields[name] = values[0]
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid_request(error.errors()) from None
