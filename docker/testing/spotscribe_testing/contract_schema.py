"""Holds what a service says against the schema made from `lambda/contract.ts`."""

import json
from functools import cache
from typing import Any

import jsonschema

from spotscribe_testing.places import SCHEMA


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


def check(type_name: str, value: object) -> None:
    """Raises `jsonschema.ValidationError` if the value is not of the contract's type."""
    whole = schema()
    assert type_name in whole["definitions"]
    jsonschema.validate(value, {"$ref": f"#/definitions/{type_name}", "definitions": whole["definitions"]})
