"""The API's description: complete, and up to date in the repository."""

import json
from typing import Any

import jsonschema
import pytest

from spotscribe_testing.service.openapi_file import description, file_of


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(description("speech"))
    return found


def test_the_file_is_what_the_code_says() -> None:
    assert file_of("speech").read_text() == description("speech"), "write it anew: npm run openapi"


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert set(document["paths"]) >= {
        "/health",
        "/metrics",
        "/v1/audio/speech",
        "/v1/audio/voices",
        "/v1/models",
        "/v1/models/{name}",
        "/voices",
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["description"]


def test_the_schema_takes_what_openais_clients_send(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/audio/speech"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    for voice in ("alloy", {"id": "voice_1234"}):
        sent = {"model": "gpt-4o-mini-tts", "input": "a", "voice": voice, "instructions": "b"}
        jsonschema.validate({**sent, "response_format": "opus", "speed": 1, "stream_format": "sse"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"input": "a", "voice": "alloy"}, schema)
