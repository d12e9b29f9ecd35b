"""The API's description: complete, and up to date in the repository."""

import json
from typing import Any

import jsonschema
import pytest

from spotscribe_testing.service.openapi_file import description, file_of


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(description("embeddings"))
    return found


def test_the_file_is_what_the_code_says() -> None:
    assert file_of("embeddings").read_text() == description("embeddings"), "write it anew: npm run openapi"


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {
        "/embed",
        "/generate-embedding",
        "/health",
        "/health-check",
        "/metrics",
        "/v1/embeddings",
        "/v1/models",
        "/v1/models/{name}",
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["description"]


def test_the_schema_takes_what_openais_clients_send(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/embeddings"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    for inputs in ("text", ["a", "b"], [1, 2], [[1], [2]]):
        jsonschema.validate({"model": "m", "input": inputs, "encoding_format": "base64"}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"input": "a"}, schema)
