"""Task definitions of CloudFormation in the format of the ECS API."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import provisioners

from spotscribe_emulator.resources import handlers_of

Made = tuple[str, dict[str, Any]]


def _api_shape(value: Any) -> Any:
    """Converts keys to camel case at every depth; ministack does not convert `dependsOn` and volumes."""
    return provisioners._pascal_to_camel(value)


def install() -> None:
    """Replaces the conversion, which loses the dependencies of containers."""
    provisioners._normalize_container_defs = _api_shape
    create = provisioners._ecs_task_def_create

    def create_task_definition(logical_id: str, props: dict[str, Any], stack_name: str) -> Made:
        volumes = _api_shape(props.get("Volumes", []))
        return create(logical_id, {**props, "Volumes": volumes}, stack_name)

    # Updates look it up in the module by name, while the registry contains the function.
    provisioners._ecs_task_def_create = create_task_definition
    handlers_of("AWS::ECS::TaskDefinition")["create"] = create_task_definition
