"""Fills a form of the caller's own schema with what was said, for an engine that understands nothing."""

from collections.abc import Sequence
from typing import Any

from spotscribe_voxtral.engines.laptop import extracts

_VALUE = {"quote", "value"}


def is_form(schema: Any) -> bool:
    """Whether each value of the schema is one with a quote: the form of `analysis/form.py`."""
    if not isinstance(schema, dict):
        return False
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return is_form(schema.get("items"))
    return set(properties) == _VALUE or (bool(properties) and all(map(is_form, properties.values())))


def filled(schema: dict[str, Any], stretches: Sequence[str], name: str = "") -> Any:
    """The form with the texts that can be found, and nothing else.

    A text is the stretch that shares most telling words with its name and description. Numbers, truth values,
    texts of a list of values, and entries of lists are not found: to choose one would be to invent it.

    Args:
        schema: of the form.
        stretches: what was said.
        name: of the property.
    """
    properties = schema.get("properties")
    if properties is None:
        return []
    if set(properties) != _VALUE:
        return {name: filled(one, stretches, name) for name, one in properties.items()}
    bounds = properties["value"]["anyOf"][0]
    question = f"{name.replace('_', ' ')} {schema.get('description', '')}"
    quote, text = extracts.closest(stretches, question)
    if bounds["type"] != "string" or "enum" in bounds or not text or not _fits(text, bounds):
        return {"quote": "", "value": None}
    return {"quote": quote, "value": text}


def _fits(text: str, bounds: dict[str, Any]) -> bool:
    return int(bounds.get("minLength", 0)) <= len(text) <= int(bounds["maxLength"])
