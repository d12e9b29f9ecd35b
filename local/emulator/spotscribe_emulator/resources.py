"""Finds CloudFormation's handlers of a resource type in order to replace them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

Handlers = dict[str, Callable[..., Any]]


def handlers_of(kind: str) -> Handlers:
    """The functions that create, update and delete resources of a type, such as `AWS::S3::Bucket`."""
    found: Handlers = provisioners._RESOURCE_HANDLERS[kind]
    return found


def add_handlers(kind: str, handlers: Handlers) -> None:
    """Registers a resource type that ministack does not support."""
    provisioners._RESOURCE_HANDLERS[kind] = handlers
