"""Sizes of requests that AWS's gateway of HTTP APIs refuses by itself, in its own words."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from ministack.services import apigateway

Answer = tuple[int, dict[str, str], bytes]

# The gateway's own limit, and that of the event with which it calls a function.
_MOST_BODY_BYTES = 10 * 2**20
_MOST_EVENT_BYTES = 6 * 2**20
# What the event has beside headers and body: names of fields, ids, times, the caller.
_ENVELOPE_BYTES = 1 << 10


def _too_large() -> Answer:
    return 413, {"Content-Type": "application/json"}, b'{"message":"Request Entity Too Large"}'


def _event_bytes(headers: dict[str, str], body: bytes) -> int:
    text = apigateway._v2_request_body_is_text(headers.get("content-type"))
    written = body.decode(errors="replace") if text else b64encode(body).decode()
    return len(json.dumps(headers)) + len(json.dumps(written)) + _ENVELOPE_BYTES


def install() -> None:
    """Has the gateway refuse what AWS's refuses: a form of more than about 4.5 MB is an event of more than 6."""
    execute, invoke = apigateway.handle_execute, apigateway._invoke_lambda_proxy

    async def handle_execute(
        api_id: str, stage: str, path: str, method: str, headers: Any, body: bytes, *rest: Any
    ) -> Answer:
        if len(body or b"") > _MOST_BODY_BYTES:
            return _too_large()
        answer: Answer = await execute(api_id, stage, path, method, headers, body, *rest)
        return answer

    async def invoke_lambda_proxy(
        integration: Any,
        api_id: str,
        stage: str,
        path: str,
        method: str,
        headers: Any,
        body: bytes,
        *rest: Any,
        **more: Any,
    ) -> Answer:
        if _event_bytes(headers, body or b"") > _MOST_EVENT_BYTES:
            return _too_large()
        answer: Answer = await invoke(integration, api_id, stage, path, method, headers, body, *rest, **more)
        return answer

    apigateway.handle_execute = handle_execute
    apigateway._invoke_lambda_proxy = invoke_lambda_proxy
