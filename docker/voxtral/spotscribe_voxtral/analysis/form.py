"""The caller's JSON schema as a form for the model: for each value, the quote that it rests on and the value.

The quote comes first, so that the model writes what it supports. Every value may be null: a model that must
write one would make it up.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import model_validator
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic_core import CoreSchema

from spotscribe_voxtral.analysis.shapes import Written, WrittenClaim, clean
from spotscribe_voxtral.schemas.node import Node

# What the schema of the caller does not bound, so that an answer ends.
_TEXT_CHARACTERS = 500
_ENTRIES = 20
_GREATEST_NUMBER = 1e15
_QUOTE = {"type": "string", "maxLength": 200}


@dataclass(frozen=True)
class WrittenValue:
    """A text, number or truth value that the model wrote; None if the recording does not contain it."""

    claim: WrittenClaim
    value: str | float | bool | None


_NOTHING = WrittenValue(WrittenClaim(quote=""), None)
# As the schema is nested.
Found = WrittenValue | list["Found"] | dict[str, "Found"]


class WrittenForm(Written):
    """What a window contains of the caller's schema."""

    found: dict[str, Any]


def form_of(node: Node) -> type[WrittenForm]:
    """The shape that the model writes for a schema."""

    class Form(WrittenForm):
        @model_validator(mode="before")
        @classmethod
        def _filled(cls, written: object) -> dict[str, Found]:
            return {"found": _found(node, written, "The form")}

        @classmethod
        def __get_pydantic_json_schema__(cls, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> Any:
            return _form(node)

    return Form


def _form(node: Node) -> dict[str, Any]:
    if node.kind == "object":
        form: dict[str, Any] = _closed({name: _form(one) for name, one in node.properties.items()})
    elif node.items is not None:
        most = min(node.bounds.get("maxItems", _entries(node)), _entries(node))
        form = {"type": "array", "items": _form(node.items), "maxItems": most}
    else:
        form = _closed({"quote": _QUOTE, "value": {"anyOf": [_bounded(node), {"type": "null"}]}})
    return {**form, "description": node.description} if node.description else form


def _entries(node: Node) -> int:
    """How many entries of a list one window may have."""
    return max(_ENTRIES, int(node.bounds.get("minItems", 0)))


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def _bounded(node: Node) -> dict[str, Any]:
    bounds = dict(node.bounds)
    if "enum" in bounds:
        return {"type": node.kind, **bounds}
    if node.kind == "string":
        bounds.setdefault("maxLength", max(_TEXT_CHARACTERS, bounds.get("minLength", 0)))
    if node.kind in {"number", "integer"}:
        if "exclusiveMinimum" not in bounds:
            bounds.setdefault("minimum", -_GREATEST_NUMBER)
        if "exclusiveMaximum" not in bounds:
            bounds.setdefault("maximum", _GREATEST_NUMBER)
    return {"type": node.kind, **bounds}


def _found(node: Node, written: object, place: str) -> Found:
    if node.kind == "object":
        if not isinstance(written, Mapping):
            raise ValueError(f"{place} is not an object")
        return {name: _found(one, written.get(name), name) for name, one in node.properties.items()}
    if node.items is not None:
        if not isinstance(written, list | None):
            raise ValueError(f"{place} is not a list")
        entries = (written or [])[: _entries(node)]
        return [_found(node.items, one, f"an entry of {place}") for one in entries]
    if written is None:
        return _NOTHING
    if not isinstance(written, Mapping) or "value" not in written:
        raise ValueError(f'{place} is not an object with "quote" and "value"')
    value: Any = written["value"]
    # An empty text says nothing.
    if value is None or clean(value) == "":
        return _NOTHING
    if not _is_permitted(node, value):
        raise ValueError(f"{place} has a value that its schema does not permit")
    if "enum" not in node.bounds:
        value = clean(value)
        # Of a text that was long enough with its spaces alone, nothing is left.
        if not _is_permitted(node, value):
            return _NOTHING
    claim = WrittenClaim.model_validate({"quote": written.get("quote")})
    return WrittenValue(claim, int(value) if node.kind == "integer" else value)


def _is_permitted(node: Node, value: Any) -> bool:
    # NaN is neither above a bound nor below it.
    is_number = not isinstance(value, float) or math.isfinite(value)
    return is_number and Draft202012Validator(_bounded(node)).is_valid(value)
