"""Compares two JSON schemas of the same shape, made by different tools."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "maxItems")
# The largest integer that JavaScript represents exactly. zod adds it as a bound to all integers.
SAFE = 2**53 - 1


def differences_taken(ours: Schema, theirs: Schema, at: str) -> list[str]:
    """Returns the differences between two schemas of a received request. Empty if there are none.

    References (`#/…`) are resolved within each schema. Bounds of lengths and numbers are compared only in the
    fields of the request itself, because services produce the nested shapes.
    """
    return list(
        _differences(_Side(ours, ours, sent=False), _Side(theirs, theirs, sent=False), at, bounds=True)
    )


def differences_sent(ours: Schema, theirs: Schema, at: str) -> list[str]:
    """Returns the differences between two schemas of a sent message, without bounds.

    A field with a default counts as required. Our schema may have fewer error codes.
    """
    return list(
        _differences(_Side(ours, ours, sent=True), _Side(theirs, theirs, sent=True), at, bounds=False)
    )


class _Side:
    """A schema within the document that its references point into."""

    def __init__(self, document: Schema, schema: Schema, *, sent: bool) -> None:
        self.document = document
        self.sent = sent
        self.nullable = False
        while True:
            if "$ref" in schema:
                schema = self._at(schema["$ref"])
            elif any(kind == {"type": "null"} for kind in schema.get("anyOf", [])):
                self.nullable = True
                kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
                schema = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
            else:
                break
        self.schema = schema

    def _at(self, reference: str) -> Schema:
        found: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        schema: Schema = found
        return schema

    def within(self, schema: Schema) -> "_Side":
        return _Side(self.document, schema, sent=self.sent)

    @property
    def fields(self) -> Schema:
        found: Schema = self.schema.get("properties", {})
        return found

    def requires(self, name: str) -> bool:
        """A field that may be null is left out of the JSON instead."""
        if self.within(self.fields[name]).nullable:
            return False
        return name in self.schema.get("required", []) or (self.sent and "default" in self.fields[name])

    @property
    def kinds(self) -> dict[str, Schema]:
        """Kinds of an event, by the constant that names them."""
        found: list[Schema] = self.schema.get("oneOf") or self.schema.get("anyOf") or []
        return {str(self.within(kind).fields["type"].get("const")): kind for kind in found}

    @property
    def values(self) -> set[Any]:
        return set(self.schema.get("enum", [])) | {
            self.schema[key] for key in ("const",) if key in self.schema
        }

    @property
    def type(self) -> str:
        """Of a constant it is that of its value."""
        if self.values:
            return "constants"
        found: str = self.schema.get("type", "any")
        return found

    @property
    def limits(self) -> dict[str, float]:
        return {
            bound: self.schema[bound]
            for bound in BOUNDS
            if bound in self.schema
            and self.schema[bound] not in (SAFE, -SAFE)
            # No length is below nothing.
            and not (bound.startswith("min") and bound != "minimum" and self.schema[bound] == 0)
        }


def _differences(ours: _Side, theirs: _Side, at: str, *, bounds: bool) -> Iterator[str]:
    if ours.kinds or theirs.kinds:
        for kind in sorted(ours.kinds.keys() ^ theirs.kinds.keys()):
            yield f"{at}({kind})"
        for kind in sorted(ours.kinds.keys() & theirs.kinds.keys()):
            yield from _differences(
                ours.within(ours.kinds[kind]),
                theirs.within(theirs.kinds[kind]),
                f"{at}({kind})",
                bounds=bounds,
            )
        return
    if ours.type != theirs.type:
        yield f"{at}: {ours.type}, {theirs.type}"
    elif ours.values != theirs.values and not (at.endswith(".error.code") and ours.values < theirs.values):
        yield f"{at}: {sorted(map(str, ours.values))}, {sorted(map(str, theirs.values))}"
    elif bounds and ours.limits != theirs.limits:
        yield f"{at}: {ours.limits}, {theirs.limits}"
    for name in sorted(ours.fields.keys() ^ theirs.fields.keys()):
        yield f"{at}.{name}"
    for name in sorted(ours.fields.keys() & theirs.fields.keys()):
        place = f"{at}.{name}"
        if ours.requires(name) != theirs.requires(name):
            yield f"{place}: {ours.requires(name)}, {theirs.requires(name)}"
        mine, other = ours.within(ours.fields[name]), theirs.within(theirs.fields[name])
        yield from _differences(mine, other, place, bounds=bounds and not mine.fields)
    if "items" in ours.schema and "items" in theirs.schema:
        mine, other = ours.within(ours.schema["items"]), theirs.within(theirs.schema["items"])
        yield from _differences(mine, other, f"{at}[]", bounds=bounds and not mine.fields)
