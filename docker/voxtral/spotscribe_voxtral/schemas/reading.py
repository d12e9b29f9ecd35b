"""Checks the JSON schema that a caller sends: size, depth, and every keyword.

`core/tasks/answer-schema.ts` does the same for jobs, in the same order; both read the same test cases
(`test/fixtures/answer-schemas.json`), and a test compares keywords and limits with the contract.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from spotscribe_common.errors import InvalidRequestError
from spotscribe_voxtral.schemas.bounds import Place, SchemaError, check_bounds, is_text
from spotscribe_voxtral.schemas.node import Kind, Node

# Keywords by type; the empty name has those of every type.
KEYWORDS: dict[str, tuple[str, ...]] = {
    "": ("type", "title", "description", "default", "examples"),
    "string": ("enum", "minLength", "maxLength"),
    "number": ("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "integer": ("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "boolean": (),
    "array": ("items", "minItems", "maxItems"),
    "object": ("properties", "required", "additionalProperties"),
}
# Lengths in characters. A value is a property, an entry of a list, or what contains them.
LIMITS = {
    "bytes": 16_384,
    "depth": 5,
    "values": 60,
    "name": 64,
    "description": 500,
    "enum": 50,
    "enumText": 100,
    "items": 50,
    "text": 2000,
    "number": 1e15,
}
_ANNOTATIONS = ("title", "description", "default", "examples")
_STRUCTURE = ("type", "title", "description", "default", "examples", "items", "properties", "required")
_ROOT = ("$schema", "$defs")
_REFERENCE = "#/$defs/"
_CURES = {
    "pattern": 'describe the form in "description"',
    "format": 'describe the form in "description"',
    "const": 'use "enum" with one value',
    "oneOf": 'make it an object with optional properties, or use "anyOf" with null',
    "allOf": "write all of it in one schema",
    "patternProperties": 'name each property in "properties"',
}
_NULL = {"type": "null"}


def read_schema(schema: object, param: str) -> Node:
    """The checked schema.

    Args:
        schema: of the caller.
        param: the field of the request that has it.

    Raises:
        InvalidRequestError: it is too large, too deep, or has a keyword that is not supported. The message
            names the place and the cure.
    """
    try:
        return _Reader(schema).node(schema, (), 1, root=True)
    except SchemaError as fault:
        named = ".".join((param, *map(str, fault.place)))[:100]
        raise InvalidRequestError(f"{named}: {fault.reason}.", param=named) from None


class _Reader:
    def __init__(self, schema: object) -> None:
        try:
            size = len(json.dumps(schema, ensure_ascii=False, separators=(",", ":")).encode())
        except UnicodeEncodeError:
            raise SchemaError((), "Expected valid Unicode: remove lone surrogates") from None
        except (ValueError, RecursionError):
            raise SchemaError((), "Expected a JSON schema that can be written") from None
        if size > LIMITS["bytes"]:
            raise SchemaError((), f"It has {size} bytes; at most {LIMITS['bytes']} are allowed: shorten it")
        definitions = schema.get("$defs") if isinstance(schema, dict) else None
        self._definitions = definitions if isinstance(definitions, dict) else {}
        self._values = 0

    def node(self, schema: object, place: Place, depth: int, *, root: bool = False) -> Node:
        self._values += 1
        if self._values > LIMITS["values"]:
            raise SchemaError(
                (), f"It has more than {LIMITS['values']} values, references counted: ask for fewer"
            )
        if not isinstance(schema, dict):
            raise SchemaError(place, "Expected a JSON schema, as an object")
        if root and schema.get("type") != "object":
            raise SchemaError(("type",), 'Expected "object" at the top')
        if "$ref" in schema:
            return self._referred(schema, place, depth)
        if "anyOf" in schema:
            return self._or_null(schema, place, depth)
        kind, nullable = _type(schema, place)
        permitted = (*KEYWORDS[""], *KEYWORDS[kind], *(_ROOT if root else ()))
        _check_keywords(schema, place, permitted, f"for the type {kind}")
        if kind in {"object", "array"} and depth > LIMITS["depth"]:
            raise SchemaError(place, f"Objects and lists are nested more than {LIMITS['depth']} levels deep")
        check_bounds(schema, place, kind, LIMITS, nullable=nullable)
        bounds = {word: schema[word] for word in KEYWORDS[kind] if word in schema and word not in _STRUCTURE}
        bounds.pop("additionalProperties", None)
        if "enum" in bounds:
            bounds["enum"] = [value for value in bounds["enum"] if value is not None]
        return Node(
            kind,
            nullable,
            _description(schema, place),
            bounds,
            items=self._items(schema, place, depth) if kind == "array" else None,
            properties=self._properties(schema, place, depth) if kind == "object" else {},
            required=frozenset(schema.get("required", ())) if kind == "object" else frozenset(),
        )

    def _referred(self, schema: Mapping[str, Any], place: Place, depth: int) -> Node:
        _check_keywords(schema, place, ("$ref", *_ANNOTATIONS), 'beside "$ref"')
        reference = schema["$ref"]
        name = reference.removeprefix(_REFERENCE) if isinstance(reference, str) else ""
        if reference != _REFERENCE + name or name not in self._definitions:
            raise SchemaError((*place, "$ref"), 'Only references to "$defs" of this schema are supported')
        node = self.node(self._definitions[name], ("$defs", name), depth)
        return replace(node, description=_description(schema, place) or node.description)

    def _or_null(self, schema: Mapping[str, Any], place: Place, depth: int) -> Node:
        _check_keywords(schema, place, ("anyOf", *_ANNOTATIONS), 'beside "anyOf"')
        choices = schema["anyOf"]
        others = [one for one in choices if one != _NULL] if isinstance(choices, list) else []
        if not isinstance(choices, list) or len(choices) != 2 or len(others) != 1:
            raise SchemaError(
                (*place, "anyOf"), 'Only a schema or {"type": "null"} is supported: use optional properties'
            )
        node = self.node(others[0], (*place, "anyOf", choices.index(others[0])), depth)
        described = _description(schema, place) or node.description
        return replace(node, nullable=True, description=described)

    def _items(self, schema: Mapping[str, Any], place: Place, depth: int) -> Node:
        if "items" not in schema:
            raise SchemaError((*place, "items"), "Expected the schema of an entry")
        return self.node(schema["items"], (*place, "items"), depth + 1)

    def _properties(self, schema: Mapping[str, Any], place: Place, depth: int) -> dict[str, Node]:
        properties, required = schema.get("properties"), schema.get("required", [])
        if not isinstance(properties, dict) or not properties:
            raise SchemaError((*place, "properties"), "Expected at least one property")
        for name in properties:
            if not is_text(name, 1, int(LIMITS["name"])) or name == "__proto__":
                raise SchemaError((*place, "properties"), f"A name has 1 to {LIMITS['name']} characters")
        if not isinstance(required, list) or any(
            not isinstance(name, str) or name not in properties for name in required
        ):
            raise SchemaError((*place, "required"), 'Expected a list of names of "properties"')
        if schema.get("additionalProperties", False) is not False:
            raise SchemaError(
                (*place, "additionalProperties"), 'Only false is supported: name each in "properties"'
            )
        return {
            name: self.node(one, (*place, "properties", name), depth + 1) for name, one in properties.items()
        }


def _check_keywords(schema: Mapping[str, Any], place: Place, permitted: tuple[str, ...], where: str) -> None:
    for word in schema:
        if word not in permitted:
            cure = _CURES.get(word, f"leave it out, or use {', '.join(permitted)}")
            raise SchemaError((*place, word[: int(LIMITS["name"])]), f"It is not supported {where}: {cure}")


def _type(schema: Mapping[str, Any], place: Place) -> tuple[Kind, bool]:
    given = schema.get("type")
    nullable = isinstance(given, list) and len(given) == 2 and "null" in given
    kinds = [one for one in given if one != "null"] if nullable and isinstance(given, list) else [given]
    if len(kinds) == 1 and isinstance(kinds[0], str) and kinds[0] in KEYWORDS and kinds[0]:
        return cast("Kind", kinds[0]), nullable
    types = ", ".join(kind for kind in KEYWORDS if kind)
    raise SchemaError((*place, "type"), f"Expected one of {types}, or a list of one of them and null")


def _description(schema: Mapping[str, Any], place: Place) -> str:
    for word in ("description", "title"):
        if word in schema and not is_text(schema[word], 0, int(LIMITS["description"])):
            raise SchemaError(
                (*place, word), f"Expected a text of at most {LIMITS['description']} characters"
            )
    return str(schema.get("description", ""))
