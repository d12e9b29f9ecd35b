"""The description of the routes that take a recording."""

from typing import Any

from pydantic import BaseModel

from spotscribe_common.http.http_errors import ErrorBody
from spotscribe_common.http.openapi import ERRORS, whole_schema

_ERRORS: dict[int | str, dict[str, Any]] = {
    **ERRORS,
    413: {"model": ErrorBody, "description": "The upload is too large, or the audio too long."},
    415: {
        "model": ErrorBody,
        "description": "A playlist, or a container or content type that is not accepted.",
    },
    422: {
        "model": ErrorBody,
        "description": "Nothing that can be decoded, or less than the header promises.",
    },
}
# What every route that takes audio can answer, in the order of the status.
AUDIO_ERRORS = {status: _ERRORS[status] for status in sorted(_ERRORS, key=str)}


def form_schema(model: type[BaseModel], *, lists: str = "{name}") -> dict[str, Any]:
    """A multipart form's schema: the model's fields beside the `file`.

    Args:
        model: of the fields.
        lists: how the names of lists are written: OpenAI's end in brackets.
    """
    schema = whole_schema(model)
    fields = {
        lists.format(name=name) if field.get("type") == "array" else name: field
        for name, field in schema["properties"].items()
    }
    file = {"type": "string", "format": "binary", "description": "Audio or video of any usual format."}
    return {
        "title": schema["title"],
        "type": "object",
        "required": ["file", *schema.get("required", [])],
        "properties": {"file": file, **fields},
    }
