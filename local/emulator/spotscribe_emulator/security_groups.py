"""Security group rules as separate resources, which the CDK creates for rules between groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from spotscribe_emulator.resources import Handlers, add_handlers

Made = tuple[str, dict[str, Any]]


def _handlers(prefix: str, store: str) -> Handlers:
    """Handlers for one direction; `store` is the key of a group's rules."""

    def rules_of(props: dict[str, Any]) -> list[dict[str, Any]]:
        permissions: list[dict[str, Any]] = ec2._security_groups[props["GroupId"]].setdefault(store, [])
        return permissions

    def create(_logical_id: str, props: dict[str, Any], _stack_name: str) -> Made:
        rules_of(props).extend(provisioners._ec2_sg_permissions([props]))
        rule_id = f"{prefix}-{uuid4().hex[:17]}"
        return rule_id, {"Id": rule_id}

    def delete(_physical_id: str, props: dict[str, Any]) -> None:
        if props.get("GroupId") in ec2._security_groups:
            rules = rules_of(props)
            for rule in provisioners._ec2_sg_permissions([props]):
                if rule in rules:
                    rules.remove(rule)

    handlers: dict[str, Callable[..., Any]] = {"create": create, "delete": delete}
    return handlers


def install() -> None:
    """Registers both types."""
    add_handlers("AWS::EC2::SecurityGroupIngress", _handlers("sgr", "IpPermissions"))
    add_handlers("AWS::EC2::SecurityGroupEgress", _handlers("sgr", "IpPermissionsEgress"))
