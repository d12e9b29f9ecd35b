"""Finds CloudFormation's handlers of a resource type, to put others in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Handlers = dict[str, Callable[..., tuple[str, dict[str, Any]]]]


def handlers_of(kind: str) -> Handlers:
    """The functions that create, update and delete resources of a type, such as `AWS::S3::Bucket`."""
    registries = (value for value in vars(provisioners).values() if isinstance(value, dict))
    found = (each[kind] for each in registries if isinstance(each.get(kind), dict))
    return next(each for each in found if "create" in each)
