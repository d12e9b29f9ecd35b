"""A caller's JSON schema after it was checked: without references, and only with what is supported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["string", "number", "integer", "boolean", "array", "object"]


@dataclass(frozen=True)
class Node:
    """A value of the schema.

    Attributes:
        kind: its type.
        nullable: whether null is permitted, too.
        description: what it is, in the caller's words; empty if there are none. Titles, which libraries make
            of names, are left out.
        bounds: the keywords of its type that restrict it, such as `enum` or `maxItems`.
        items: of a list.
        properties: of an object, in their order.
        required: the names of properties that an object must have.
    """

    kind: Kind
    nullable: bool = False
    description: str = ""
    bounds: Mapping[str, Any] = field(default_factory=dict)
    items: "Node | None" = None
    properties: Mapping[str, "Node"] = field(default_factory=dict)
    required: frozenset[str] = frozenset()

    def schema(self) -> dict[str, Any]:
        """The JSON schema; stricter than the caller's, because unknown properties are not permitted."""
        plain: dict[str, Any] = {"type": self.kind, **self.bounds}
        if self.description:
            plain["description"] = self.description
        if self.items is not None:
            plain["items"] = self.items.schema()
        if self.kind == "object":
            plain["properties"] = {name: one.schema() for name, one in self.properties.items()}
            plain["required"] = [name for name in self.properties if name in self.required]
            plain["additionalProperties"] = False
        return {"anyOf": [plain, {"type": "null"}]} if self.nullable else plain
