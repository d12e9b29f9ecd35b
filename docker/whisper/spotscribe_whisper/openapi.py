"""The description of the HTTP API, made from the code: `/openapi.json`, `/docs`, and the file in `docs/`."""

from typing import Any

from pydantic import BaseModel

_REF = "#/components/schemas/{model}"


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """A JSON body's schema; the models inside it are those of the answers, which FastAPI describes."""
    schema = model.model_json_schema(ref_template=_REF)
    schema.pop("$defs", None)
    return schema


def form_schema(model: type[BaseModel], *, lists: str = "{name}") -> dict[str, Any]:
    """A multipart form's schema: the model's fields beside the `file`.

    Args:
        model: of the fields.
        lists: how the names of lists are written: OpenAI's end in brackets.
    """
    schema = json_schema(model)
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
