"""Size limits of HTTP APIs, with the error message of AWS's gateway."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from ministack.services import apigateway

Answer = tuple[int, dict[str, str], bytes]

# Limits of the gateway's requests, and of the events that it sends to functions.
_MOST_BODY_BYTES = 10 * 2**20
_MOST_EVENT_BYTES = 6 * 2**20
# Size of the event without headers and body: field names, ids, times, the caller.
_ENVELOPE_BYTES = 1 << 10


def _too_large() -> Answer:
    return 413, {"Content-Type": "application/json"}, b'{"message":"Request Entity Too Large"}'


def _event_bytes(headers: dict[str, str], body: bytes) -> int:
    text = apigateway._v2_request_body_is_text(headers.get("content-type"))
    written = body.decode(errors="replace") if text else b64encode(body).decode()
    return len(json.dumps(headers)) + len(json.dumps(written)) + _ENVELOPE_BYTES


def install() -> None:
    """Makes the gateway reject large requests like AWS: a form over about 4.5 MB is an event over 6 MB."""
    execute, invoke = apigateway.handle_execute, apigateway._invoke_lambda_proxy

    async def handle_execute(*request: Any, **more: Any) -> Answer:
        # API, stage, path, method, headers, body, and more.
        if len(request[5] or b"") > _MOST_BODY_BYTES:
            return _too_large()
        answer: Answer = await execute(*request, **more)
        return answer

    async def invoke_lambda_proxy(*request: Any, **more: Any) -> Answer:
        # Integration, API, stage, path, method, headers, body, and more.
        if _event_bytes(request[5], request[6] or b"") > _MOST_EVENT_BYTES:
            return _too_large()
        answer: Answer = await invoke(*request, **more)
        return answer

    apigateway.handle_execute = handle_execute
    apigateway._invoke_lambda_proxy = invoke_lambda_proxy
