"""Suspended processes of Auto Scaling groups, such as `AZRebalance`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import autoscaling as service

Answer = tuple[int, dict[str, str], bytes]
Parameters = dict[str, str]

PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)
_REASON = "User suspended at the request of the user"
# Key in the record of a group, so that it is deleted with the group.
_FIELD = "SuspendedProcesses"


def is_suspended(group: dict[str, Any], process: str) -> bool:
    """Whether a process of a group is suspended."""
    return process in group.get(_FIELD, ())


def _change(parameters: Parameters, change: Callable[[list[str], list[str]], list[str]]) -> Answer:
    """Suspends or resumes processes; all of them if none is named, as AWS does."""
    name = parameters.get("AutoScalingGroupName", "")
    group = service._asgs.get(name)
    if group is None:
        return service._error("ValidationError", f"AutoScalingGroup name not found - {name}")
    asked = service._parse_member_list(parameters, "ScalingProcesses") or list(PROCESSES)
    unknown = [process for process in asked if process not in PROCESSES]
    if unknown:
        return service._error("ValidationError", f"Unknown process type(s): {unknown}")
    group[_FIELD] = change(group.get(_FIELD, []), asked)
    service._reconcile_instances(group)
    return service._xml(200, f"{parameters['Action']}Response", "")


def _suspend(parameters: Parameters) -> Answer:
    return _change(parameters, lambda suspended, asked: sorted({*suspended, *asked}))


def _resume(parameters: Parameters) -> Answer:
    return _change(parameters, lambda suspended, asked: sorted({*suspended} - {*asked}))


def describe(parameters: Parameters) -> Answer:
    """Adds the suspended processes to the description, as ministack omits them."""
    status, headers, body = _original_describe(parameters)
    for name, group in service._asgs.items():
        shown = "".join(
            f"<member><ProcessName>{process}</ProcessName>"
            f"<SuspensionReason>{_REASON}</SuspensionReason></member>"
            for process in group.get(_FIELD, ())
        )
        start = f"<member><AutoScalingGroupName>{name}</AutoScalingGroupName>".encode()
        body = body.replace(start, start + f"<{_FIELD}>{shown}</{_FIELD}>".encode())
    return status, headers, body


_original_describe: Callable[[Parameters], Answer] = service._describe_asgs


def install() -> None:
    """Registers the two actions."""
    service._ACTION_MAP.update(SuspendProcesses=_suspend, ResumeProcesses=_resume)
