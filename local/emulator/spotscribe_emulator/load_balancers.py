"""Load balancers made by CloudFormation, at an address of this machine: the local fleet listens there."""

from __future__ import annotations

import socket
from typing import Any

from ministack.services import alb

from spotscribe_emulator.resources import handlers_of

Made = tuple[str, dict[str, Any]]


def _free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def install() -> None:
    """Has a load balancer's name be one that leads somewhere from here."""
    handlers = handlers_of("AWS::ElasticLoadBalancingV2::LoadBalancer")
    create = handlers["create"]

    def create_load_balancer(logical_id: str, props: dict[str, Any], stack_name: str) -> Made:
        arn, attributes = create(logical_id, props, stack_name)
        # With its port, as nothing here may listen on 80: `http://<name>` is an address all the same.
        name = f"127.0.0.1:{_free_port()}"
        alb._lbs[arn]["DNSName"] = name
        return arn, {**attributes, "DNSName": name}

    handlers["create"] = create_load_balancer
    _note_rules()


def _note_rules() -> None:
    """Has a target group that a rule names know of its load balancer, as one of a listener's own does."""
    handlers = handlers_of("AWS::ElasticLoadBalancingV2::ListenerRule")
    create = handlers["create"]

    def create_rule(logical_id: str, props: dict[str, Any], stack_name: str) -> Made:
        made: Made = create(logical_id, props, stack_name)
        balancer = alb._listeners[props["ListenerArn"]]["LoadBalancerArn"]
        for action in alb._rules[made[0]]["Actions"]:
            group = alb._tgs.get(action.get("TargetGroupArn"))
            if group is not None and balancer not in group.setdefault("LoadBalancerArns", []):
                group["LoadBalancerArns"].append(balancer)
        return made

    handlers["create"] = create_rule
