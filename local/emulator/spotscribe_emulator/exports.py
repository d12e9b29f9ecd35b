"""Protects exports that another stack imports: AWS does not remove or change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

Answer = tuple[int, dict[str, str], bytes]
Exports = dict[str, dict[str, str]]


def _importer(export: str, exporting_stack: str) -> str | None:
    """Name of a stack that imports this export."""
    for name, stack in cloudformation._stacks.items():
        gone = stack.get("StackStatus") in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")
        if name != exporting_stack and not gone and export in handlers._imported_export_names(stack, name):
            return str(name)
    return None


def _refuse(export: str, stack: str, change: str) -> None:
    importer = _importer(export, stack)
    if importer is not None:
        raise ValueError(f"Export {export} cannot be {change} as it is in use by {importer}")


def _resolve_outputs(*args: Any) -> tuple[list[Any], Exports]:
    """Fails and rolls back an update that removes or changes an export in use, as AWS does."""
    outputs, exports = _original_resolve_outputs(*args)
    *_, stack, stack_id = args
    for name, export in list(cloudformation._exports.items()):
        if export["StackId"] != stack_id:
            if name in exports:
                owner = export["StackId"].split("/")[1]
                raise ValueError(f"Export with name {name} is already exported by stack {owner}")
        elif name not in exports:
            _refuse(name, stack, "deleted")
        elif export["Value"] != exports[name]["Value"]:
            _refuse(name, stack, "updated")
    for name in [each for each, export in cloudformation._exports.items() if export["StackId"] == stack_id]:
        if name not in exports:
            cloudformation._exports.pop(name)
    return outputs, exports


def _delete_stack(parameters: dict[str, Any]) -> Answer:
    """Rejects the deletion of a stack with an export in use, with AWS's message."""
    stack = handlers._resolve_stack(handlers._p(parameters, "StackName") or "")
    try:
        for output in (stack or {}).get("Outputs", []):
            if output.get("ExportName"):
                _refuse(output["ExportName"], stack["StackName"], "deleted")
    except ValueError as error:
        return handlers._error("ValidationError", str(error))
    return _original_delete_stack(parameters)


_original_resolve_outputs: Callable[..., tuple[list[Any], Exports]] = stacks._resolve_stack_outputs
_original_delete_stack: Callable[[dict[str, Any]], Answer] = handlers._delete_stack


def install() -> None:
    """Replaces ministack's functions."""
    stacks._resolve_stack_outputs = _resolve_outputs
    handlers._ACTION_HANDLERS["DeleteStack"] = _delete_stack
