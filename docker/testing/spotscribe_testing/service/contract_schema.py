"""Holds what a service says against the schemas made from `core/contract`."""

import json
from functools import cache
from typing import Any

import jsonschema

from spotscribe_testing.places import SCHEMA


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


@cache
def _validator(type_name: str) -> jsonschema.protocols.Validator:
    """Made, and the schema itself checked, once: that takes half a second of a processor."""
    whole = schema()
    assert type_name in whole["output"]
    of_type = {"$ref": f"#/output/{type_name}", "output": whole["output"]}
    made = jsonschema.validators.validator_for(of_type)
    made.check_schema(of_type)
    return made(of_type)


def check(type_name: str, value: Any) -> None:
    """Raises `jsonschema.ValidationError` if the value is not of the contract's type."""
    _validator(type_name).validate(value)
