"""Task definitions made by CloudFormation, in the shape that the ECS API answers with."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import provisioners

from spotscribe_emulator.resources import handlers_of

Made = tuple[str, dict[str, Any]]


def _api_shape(value: Any) -> Any:
    """Keys in camel case at every depth: ministack's own stops short of `dependsOn` and of the volumes."""
    return provisioners._pascal_to_camel(value)


def install() -> None:
    """Replaces the conversion that loses what containers depend on."""
    provisioners._normalize_container_defs = _api_shape
    create = provisioners._ecs_task_def_create

    def create_task_definition(logical_id: str, props: dict[str, Any], stack_name: str) -> Made:
        volumes = _api_shape(props.get("Volumes", []))
        return create(logical_id, {**props, "Volumes": volumes}, stack_name)

    # The update calls it by its name in the module, the registry holds the function itself.
    provisioners._ecs_task_def_create = create_task_definition
    handlers_of("AWS::ECS::TaskDefinition")["create"] = create_task_definition
