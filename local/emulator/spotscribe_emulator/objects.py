"""Object versions, which ministack omits in EventBridge events and in range requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

Answer = tuple[int, dict[str, str], bytes]

_version: ContextVar[str | None] = ContextVar("version", default=None)


def _fire_event(*args: Any, version_id: str | None = None, **rest: Any) -> None:
    """Stores the version while the event is created, because the sending function does not get it."""
    token = _version.set(version_id)
    try:
        _original_fire_event(*args, version_id=version_id, **rest)
    finally:
        _version.reset(token)


def _dispatch_event(event: dict[str, Any], *args: Any, **rest: Any) -> Any:
    """Adds the version to events of versioned buckets, as S3 does."""
    version = _version.get()
    if event.get("Source") == "aws.s3" and version is not None:
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = {**event, "Detail": json.dumps(detail)}
    return _original_dispatch_event(event, *args, **rest)


def _get_object(
    bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None
) -> Answer:
    """Answers a range request for a version with that range instead of the whole object."""
    status, answered, body = _original_get_object(bucket, key, headers, query)
    wanted = headers.get("range", "")
    if status != 200 or not wanted or not s3._qp(query or {}, "versionId", ""):
        return status, answered, body
    stretch = s3._parse_range(wanted, len(body))
    if stretch is None:
        return s3._error("InvalidRange", "The requested range is not satisfiable", 416)
    start, end = stretch
    cut = body[start : end + 1]
    found = {"Content-Length": str(len(cut)), "Content-Range": f"bytes {start}-{end}/{len(body)}"}
    return 206, {**answered, **found}, cut


_original_fire_event: Callable[..., None] = s3._fire_s3_event
_original_dispatch_event: Callable[..., Any] = eventbridge._dispatch_event
_original_get_object: Callable[..., Answer] = s3._get_object


def install() -> None:
    """Replaces ministack's functions."""
    s3._fire_s3_event = _fire_event
    s3._get_object = _get_object
    eventbridge._dispatch_event = _dispatch_event
