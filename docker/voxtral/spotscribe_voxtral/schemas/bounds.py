"""Checks the keywords that restrict a value: how many entries, how long a text, which numbers."""

import math
from collections.abc import Mapping
from typing import Any

Place = tuple[str | int, ...]


class SchemaError(Exception):
    """What is wrong with a schema, and the keys that lead there."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(reason)
        self.place = place
        self.reason = reason


def is_text(value: object, least: int, most: int) -> bool:
    """Whether it is a text of that many characters."""
    return isinstance(value, str) and least <= len(value) <= most


def check_bounds(
    schema: Mapping[str, Any], place: Place, kind: str, limits: Mapping[str, float], *, nullable: bool
) -> None:
    """Refuses bounds of the wrong type, beyond the limits, or that no value meets.

    Args:
        schema: of one value, with no keywords of other types.
        place: where it stands.
        kind: its type.
        limits: see :data:`spotscribe_voxtral.schemas.reading.LIMITS`.
        nullable: whether `enum` may have null.

    Raises:
        SchemaError: naming the keyword.
    """
    for words, most in (
        (("minItems", "maxItems"), limits["items"]),
        (("minLength", "maxLength"), limits["text"]),
    ):
        for word in words:
            if word in schema and not _is_count(schema[word], most):
                raise SchemaError((*place, word), f"Expected a whole number from 0 to {most:.0f}")
        if schema.get(words[0], 0) > schema.get(words[1], most):
            raise SchemaError((*place, words[0]), f'It must not be greater than "{words[1]}"')
    if kind in {"number", "integer"}:
        _check_range(schema, place, limits["number"])
    if "enum" in schema:
        _check_enum(schema["enum"], (*place, "enum"), kind, limits, nullable=nullable)


def _is_count(value: object, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -most <= value <= most


def _check_range(schema: Mapping[str, Any], place: Place, most: float) -> None:
    for word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if word in schema and not _is_number(schema[word], most):
            raise SchemaError((*place, word), f"Expected a number from {-most:.0f} to {most:.0f}")
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    is_open = schema.get("exclusiveMinimum") == low or schema.get("exclusiveMaximum") == high
    if low > high or (low == high and is_open):
        raise SchemaError(place, "No number is permitted: the least is above the greatest")


def _check_enum(
    values: object, place: Place, kind: str, limits: Mapping[str, float], *, nullable: bool
) -> None:
    most = int(limits["enum"])
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise SchemaError(place, f"Expected a list of 1 to {most} values")
    others = [value for value in values if value is not None]
    if not others or (len(others) < len(values) and not nullable):
        raise SchemaError(place, "null is permitted only beside other values, with a type that permits it")
    for value in others:
        if kind == "string" and not is_text(value, 1, int(limits["enumText"])):
            raise SchemaError(place, f"Expected texts of 1 to {limits['enumText']:.0f} characters")
        if kind != "string" and not _is_number(value, limits["number"]):
            raise SchemaError(place, "Expected numbers")
        if kind == "integer" and value != int(value):
            raise SchemaError(place, "Expected whole numbers")
    if len(set(others)) < len(others):
        raise SchemaError(place, "A value is repeated: send each once")
