"""The parts of Auto Scaling that Spotscribe needs: self-terminating machines, limits, activities."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ministack.services import autoscaling as service

from spotscribe_emulator import suspended_processes
from spotscribe_emulator.resources import handlers_of

Answer = tuple[int, dict[str, str], bytes]
Parameters = dict[str, str]
Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]

_activities: dict[str, list[dict[str, str]]] = {}


_NO_CAPACITY = (
    "Could not launch Spot Instances. UnfulfillableCapacity - Unable to fulfill capacity due to your request"
    " configuration. Please adjust your request and try again. Launching EC2 instance failed."
)


def _record(group: str, description: str, failure: str = "") -> None:
    activity = {
        "StartTime": datetime.now(UTC).isoformat(),
        "Description": description,
        "StatusCode": "Failed" if failure else "Successful",
        "StatusMessage": failure,
    }
    _activities.setdefault(group, []).insert(0, activity)


def _has_capacity() -> bool:
    """Whether EC2 has spot capacity: not while the file of `local/spot-capacity.ts` exists."""
    return not Path(os.environ.get("SPOTSCRIBE_NO_CAPACITY_FILE", "")).is_file()


def _reconcile(group: dict[str, Any]) -> None:
    """Resizes a group if processes and capacity permit, and records each launch and termination."""
    name = group["AutoScalingGroupName"]
    lacking = group["DesiredCapacity"] - len(group["Instances"])
    if suspended_processes.is_suspended(group, "Launch" if lacking > 0 else "Terminate"):
        return
    if lacking > 0 and not _has_capacity():
        latest = next(iter(_activities.get(name, [])), {})
        if latest.get("StatusCode") != "Failed":
            _record(name, "Launching a new EC2 instance. Status Reason: no capacity", _NO_CAPACITY)
        return
    before = {instance["InstanceId"] for instance in group["Instances"]}
    _original_reconcile(group)
    after = {instance["InstanceId"] for instance in group["Instances"]}
    for instance in sorted(after - before):
        _record(name, f"Launching a new EC2 instance: {instance}")
    for instance in sorted(before - after):
        _record(name, f"Terminating EC2 instance: {instance}")


def _set_desired_capacity(parameters: Parameters) -> Answer:
    """Rejects a capacity outside the group's limits, as AWS does."""
    name = parameters.get("AutoScalingGroupName", "")
    group = service._asgs.get(name)
    desired = parameters.get("DesiredCapacity", "")
    if group is not None and desired and not group["MinSize"] <= int(desired) <= group["MaxSize"]:
        bounds = f"{group['MinSize']} to {group['MaxSize']}"
        return service._error(
            "ValidationError", f"New SetDesiredCapacity value {desired} is outside {bounds}"
        )
    return _original_set_desired_capacity(parameters)


def _terminate_instance(parameters: Parameters) -> Answer:
    """Terminates a machine, and either decrements the desired capacity or replaces the machine."""
    wanted = parameters.get("InstanceId", "")
    decrement = parameters.get("ShouldDecrementDesiredCapacity") == "true"
    for name, group in service._asgs.items():
        instance = next((each for each in group["Instances"] if each["InstanceId"] == wanted), None)
        if instance is None:
            continue
        if decrement and group["DesiredCapacity"] <= group["MinSize"]:
            return service._error(
                "ValidationError",
                f"Currently, desiredSize equals minSize ({group['MinSize']}). Terminating instance"
                f" without replacement will violate group's min size constraint.",
            )
        group["Instances"].remove(instance)
        _record(name, f"Terminating EC2 instance: {wanted}")
        if decrement:
            group["DesiredCapacity"] -= 1
        service._reconcile_instances(group)
        activity = (
            f"<Activity><ActivityId>{wanted}</ActivityId><AutoScalingGroupName>{name}</AutoScalingGroupName>"
            f"<Cause>at user request</Cause><StartTime>{datetime.now(UTC).isoformat()}</StartTime>"
            f"<StatusCode>InProgress</StatusCode></Activity>"
        )
        return _answer("TerminateInstanceInAutoScalingGroup", activity)
    return service._error("ValidationError", f"No managed instance found for {wanted}")


def _describe_activities(parameters: Parameters) -> Answer:
    name = parameters.get("AutoScalingGroupName", "")
    most = int(parameters.get("MaxRecords", "100"))
    members = "".join(
        f"<member><ActivityId>{number}</ActivityId><AutoScalingGroupName>{name}</AutoScalingGroupName>"
        f"<Cause>desired capacity</Cause><Description>{activity['Description']}</Description>"
        f"<StartTime>{activity['StartTime']}</StartTime><StatusCode>{activity['StatusCode']}</StatusCode>"
        f"<StatusMessage>{activity['StatusMessage']}</StatusMessage></member>"
        for number, activity in enumerate(_activities.get(name, [])[:most])
    )
    return _answer("DescribeScalingActivities", f"<Activities>{members}</Activities>")


def _describe_groups(parameters: Parameters) -> Answer:
    """Retries missing launches, as Auto Scaling does continuously."""
    for group in service._asgs.values():
        _reconcile(group)
    return suspended_processes.describe(parameters)


def _update_group(parameters: Parameters) -> Answer:
    """Keeps the desired capacity within changed limits, as AWS does."""
    answer = _original_update_group(parameters)
    group = service._asgs.get(parameters.get("AutoScalingGroupName", ""))
    if group is not None:
        _keep_within_bounds(group)
    return answer


def _keep_within_bounds(group: dict[str, Any]) -> None:
    group["DesiredCapacity"] = min(max(group["DesiredCapacity"], group["MinSize"]), group["MaxSize"])
    service._reconcile_instances(group)


def _stabilize(group: dict[str, Any]) -> None:
    """Fails like CloudFormation after it has waited for a group's minimum without success."""
    size, least, most = len(group["Instances"]), group["MinSize"], group["MaxSize"]
    if size < least:
        sizes = f"current/minSize/maxSize group size: {size}/{least}/{most}"
        raise RuntimeError(f"Group did not stabilize. {{{sizes}. Failed Scaling Activity: {_NO_CAPACITY}}}")


def _install_groups() -> None:
    """Makes groups of templates launch their machines, and keep their size during updates."""
    handlers = handlers_of("AWS::AutoScaling::AutoScalingGroup")
    create, update = handlers["create"], handlers["update"]

    def create_group(logical_id: str, props: Properties, stack_name: str) -> Made:
        made: Made = create(logical_id, props, stack_name)
        group = service._asgs[made[0]]
        service._reconcile_instances(group)
        try:
            _stabilize(group)
        except RuntimeError:
            service._asgs.pop(made[0])
            raise
        return made

    def update_group(physical_id: str, old: Properties, new: Properties, *rest: str) -> Made:
        before = dict(service._asgs.get(physical_id, {}))
        made: Made = update(physical_id, old, new, *rest)
        group = service._asgs[made[0]]
        if made[0] == physical_id:
            # The CDK's update policy: sizes that the template does not change keep their current value.
            for size in ("MinSize", "MaxSize", "DesiredCapacity"):
                if old.get(size) == new.get(size):
                    group[size] = before[size]
        _keep_within_bounds(group)
        if old.get("MinSize") != new.get("MinSize"):
            _stabilize(group)
        return made

    handlers.update(create=create_group, update=update_group)


def _answer(action: str, result: str) -> Answer:
    return service._xml(200, f"{action}Response", f"<{action}Result>{result}</{action}Result>")


_original_reconcile: Callable[[dict[str, Any]], None] = service._reconcile_instances
_original_set_desired_capacity: Callable[[Parameters], Answer] = service._set_desired_capacity
_original_update_group: Callable[[Parameters], Answer] = service._update_asg


def install() -> None:
    """Replaces ministack's functions."""
    service._reconcile_instances = _reconcile
    _install_groups()
    suspended_processes.install()
    service._ACTION_MAP.update(
        DescribeAutoScalingGroups=_describe_groups,
        UpdateAutoScalingGroup=_update_group,
        SetDesiredCapacity=_set_desired_capacity,
        TerminateInstanceInAutoScalingGroup=_terminate_instance,
        DescribeScalingActivities=_describe_activities,
    )
