"""Buckets of CloudFormation with the tags of their template."""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from spotscribe_emulator.resources import handlers_of

Made = tuple[str, dict[str, Any]]


def _tag(name: str, props: dict[str, Any]) -> None:
    s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in props.get("Tags") or []}


def install() -> None:
    """Adds tags to buckets: the CDK empties only buckets with a certain tag."""
    handlers = handlers_of("AWS::S3::Bucket")
    create, update = handlers["create"], handlers["update"]

    def create_bucket(logical_id: str, props: dict[str, Any], stack_name: str) -> Made:
        made = create(logical_id, props, stack_name)
        _tag(made[0], props)
        return made

    def update_bucket(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: str) -> Made:
        made = update(physical_id, old, new, *rest)
        _tag(made[0], new)
        return made

    handlers.update(create=create_bucket, update=update_bucket)
