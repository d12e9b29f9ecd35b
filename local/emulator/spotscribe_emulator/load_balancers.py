"""Load balancers of CloudFormation, with a local address on which the local fleet listens."""

from __future__ import annotations

import socket
from typing import Any

from ministack.services import alb

from spotscribe_emulator.resources import handlers_of

Made = tuple[str, dict[str, Any]]


def _free_port() -> int:
    """Finds an unused port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def install() -> None:
    """Sets the DNS name of load balancers to a local address."""
    handlers = handlers_of("AWS::ElasticLoadBalancingV2::LoadBalancer")
    create = handlers["create"]

    def create_load_balancer(logical_id: str, props: dict[str, Any], stack_name: str) -> Made:
        arn, attributes = create(logical_id, props, stack_name)
        # Includes a port, because local processes may not listen on 80. `http://<name>` is still a valid URL.
        name = f"127.0.0.1:{_free_port()}"
        alb._lbs[arn]["DNSName"] = name
        return arn, {**attributes, "DNSName": name}

    handlers["create"] = create_load_balancer
    _note_rules()


def _note_rules() -> None:
    """Links the target group of a rule with its load balancer, like that of a listener."""
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
