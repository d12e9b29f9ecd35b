"""Availability zones, and the checks of AWS that depend on them."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from os import environ
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

from spotscribe_emulator.resources import handlers_of

Made = tuple[str, dict[str, Any]]
Properties = dict[str, Any]


# Ids of zones in which Lambda cannot attach functions to a VPC.
WITHOUT_LAMBDA = {"use1-az3"}


def _zones() -> list[str]:
    """Zones of the account: three, or those with the letters in `EMULATOR_ZONES`, such as `ac`."""
    return [f"{get_region()}{letter}" for letter in environ.get("EMULATOR_ZONES", "abc")]


def _resolve_refs(value: Any, *rest: Any) -> Any:
    """Resolves `Fn::GetAZs` of the stack's region. Enclosing functions call this recursively."""
    if isinstance(value, dict) and list(value) == ["Fn::GetAZs"]:
        region = _original_resolve_refs(value["Fn::GetAZs"], *rest) or get_region()
        return _zones() if region == get_region() else []
    return _original_resolve_refs(value, *rest)


def _check_subnet(props: Properties) -> None:
    """Rejects a missing zone, and address ranges that overlap another subnet of the network."""
    zone = props.get("AvailabilityZone")
    if zone is not None and zone not in _zones():
        raise ValueError(f"Value ({zone}) for parameter availabilityZone is invalid.")
    own = ip_network(props["CidrBlock"])
    for subnet in ec2._subnets.values():
        if subnet["VpcId"] == props["VpcId"] and own.overlaps(ip_network(subnet["CidrBlock"])):
            raise ValueError(f"The CIDR '{own}' conflicts with another subnet")


def _check_balancer(props: Properties) -> None:
    """Rejects a load balancer in a single zone, or with two subnets in one zone."""
    zones = [ec2._subnets[subnet]["AvailabilityZone"] for subnet in props.get("Subnets", [])]
    if len(set(zones)) < len(zones):
        raise ValueError(
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        )
    if len(zones) < 2:
        raise ValueError("At least two subnets in two different Availability Zones must be specified")


def _check_function(props: Properties) -> None:
    """Rejects a function in a VPC if a zone does not support Lambda."""
    for subnet in props.get("VpcConfig", {}).get("SubnetIds", []):
        if ec2._subnets[subnet]["AvailabilityZoneId"] in WITHOUT_LAMBDA:
            raise ValueError(
                "The provided subnets contain availability zone Lambda doesn't support. "
                "Please use a different set of subnets."
            )


def _check_first(kind: str, check: Callable[[Properties], None]) -> None:
    """Adds a check before resources of a type are created."""
    found = handlers_of(kind)
    create = found["create"]

    def create_checked(logical_id: str, props: Properties, stack_name: str) -> Made:
        check(props)
        made: Made = create(logical_id, props, stack_name)
        return made

    found["create"] = create_checked


_original_resolve_refs: Callable[..., Any] = engine._resolve_refs


def install() -> None:
    """Replaces ministack's functions."""
    for module in (changesets, engine, handlers, provisioners, stacks):
        if hasattr(module, "_resolve_refs"):
            module._resolve_refs = _resolve_refs
    _check_first("AWS::EC2::Subnet", _check_subnet)
    _check_first("AWS::Lambda::Function", _check_function)
    _check_first("AWS::ElasticLoadBalancingV2::LoadBalancer", _check_balancer)
