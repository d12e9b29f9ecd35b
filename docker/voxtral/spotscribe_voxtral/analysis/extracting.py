"""Values of the caller's JSON schema: those of all windows joined, each with the words that support it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

from spotscribe_common.contract import Evidence, Extracted, ExtractedPlace
from spotscribe_voxtral.analysis.form import Found, WrittenForm
from spotscribe_voxtral.analysis.joining import Joiner
from spotscribe_voxtral.analysis.merging import Heard, evidence, same, without_repeats
from spotscribe_voxtral.schemas.node import Node

TITLE = "Extracted values"
_TOLD = 10


@dataclass(frozen=True)
class _Value:
    """A value with its evidence, in the order of the recording.

    Attributes:
        differs: whether another window has another value.
    """

    value: str | float | bool | None
    evidence: list[Evidence]
    differs: bool = False


_Tree = _Value | list["_Tree"] | dict[str, "_Tree"]


@dataclass
class _Result:
    """What becomes of a tree.

    Attributes:
        places: the values that were found.
        missing: JSON pointers of values that are required and were not found.
        notes: what the result lacks, as sentences.
    """

    places: list[ExtractedPlace] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, other: "_Result") -> None:
        self.places += other.places
        self.missing += other.missing
        self.notes += other.notes


def extracted(node: Node, heard: Sequence[Heard[WrittenForm]], joiner: Joiner) -> Extracted | None:
    """The values of all windows as one.

    Lists are joined without repeats. Of a single value, the first one with a quote counts, and it is noted
    if another window has another one. An entry of a list that lacks what the schema requires is left out.

    Args:
        node: the caller's schema.
        heard: at least one window's, in the order of the recording.
        joiner: is told what the result lacks.
    """
    if not heard:
        return None
    tree = _joined(node, [_tree(part, part.written.found) for part in heard])
    result = _Result()
    value = _object(node, tree, "", result)
    if result.missing:
        named = ", ".join(result.missing[:_TOLD]) + (", …" if result.missing[_TOLD:] else "")
        result.notes.append(f"the recording does not contain {named}, which the schema requires.")
    elif not Draft202012Validator(node.schema()).is_valid(value):
        joiner.lacks(TITLE, "they do not keep to the schema.")
        return None
    for note in result.notes:
        joiner.lacks(TITLE, note)
    return Extracted(value=value, places=result.places, missing=result.missing)


def _tree(part: Heard[WrittenForm], found: Found) -> _Tree:
    if isinstance(found, dict):
        return {name: _tree(part, one) for name, one in found.items()}
    if isinstance(found, list):
        return [_tree(part, one) for one in found]
    return _Value(found.value, evidence(part.window, found.claim))


def _joined(node: Node, trees: Sequence[Any]) -> Any:
    """One tree of those of several windows, all of which have the node's form."""
    if node.kind == "object":
        return {name: _joined(one, [tree[name] for tree in trees]) for name, one in node.properties.items()}
    if node.items is not None:
        entries: dict[str, _Tree] = {}
        for tree in (tree for part in trees for tree in part):
            # Without what it repeats itself, and what has no value.
            entry = _joined(node.items, [tree])
            key = json.dumps(_plain(entry))
            entries[key] = _joined(node.items, [entries[key], entry]) if key in entries else entry
        return [entry for entry in entries.values() if _has_value(entry)]
    return _one_value([one for one in trees if one.value is not None])


def _one_value(values: Sequence[_Value]) -> _Value:
    if not values:
        return _Value(None, [])
    first = next((one for one in values if one.evidence), values[0])
    alike = [one for one in values if _plain(one) == _plain(first)]
    pieces = without_repeats(piece for one in alike for piece in one.evidence)
    return _Value(first.value, pieces, differs=len(alike) < len(values) or any(one.differs for one in alike))


def _plain(tree: _Tree) -> Any:
    """The values alone; equal for texts that say the same."""
    if isinstance(tree, _Value):
        return same(tree.value) if isinstance(tree.value, str) else tree.value
    if isinstance(tree, dict):
        return {name: _plain(one) for name, one in tree.items()}
    return [_plain(one) for one in tree]


def _has_value(tree: _Tree) -> bool:
    if isinstance(tree, _Value):
        return tree.value is not None
    return any(_has_value(one) for one in (tree.values() if isinstance(tree, dict) else tree))


def _object(node: Node, tree: dict[str, _Tree], pointer: str, result: _Result) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for name, one in node.properties.items():
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        child = tree[name]
        if isinstance(child, list):
            value[name] = _list(one, child, place, result)
        elif not _has_value(child):
            if name in node.required and one.nullable:
                value[name] = None
            elif name in node.required:
                result.missing.append(place)
        elif isinstance(child, dict):
            value[name] = _object(one, child, place, result)
        else:
            value[name] = _placed(child, place, result)
    return value


def _list(node: Node, entries: Sequence[_Tree], pointer: str, result: _Result) -> list[Any]:
    values: list[Any] = []
    most = node.bounds.get("maxItems")
    incomplete = 0
    for entry in entries:
        if most is not None and len(values) >= most:
            result.notes.append(f"{pointer} is cut at {most} entries, as the schema requires.")
            break
        own = _Result()
        value = _entry(node.items or node, entry, f"{pointer}/{len(values)}", own)
        if own.missing:
            incomplete += 1
        else:
            values.append(value)
            result.add(own)
    if incomplete:
        result.notes.append(f"{incomplete} entries of {pointer} lack what the schema requires of them.")
    if len(values) < node.bounds.get("minItems", 0):
        result.missing.append(pointer)
    return values


def _entry(node: Node, tree: _Tree, pointer: str, result: _Result) -> Any:
    if isinstance(tree, dict):
        return _object(node, tree, pointer, result)
    if isinstance(tree, list):
        return _list(node, tree, pointer, result)
    return _placed(tree, pointer, result)


def _placed(value: _Value, pointer: str, result: _Result) -> str | float | bool | None:
    result.places.append(ExtractedPlace(pointer=pointer, evidence=value.evidence))
    if value.differs:
        result.notes.append(f"parts of the recording differ about {pointer}; the first value is given.")
    return value.value
