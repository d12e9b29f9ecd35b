"""The API's description: complete, up to date in the repository, and readable without a network."""

import json
import re
from typing import Any

import httpx
import jsonschema
import pytest
from jsonschema.validators import Draft202012Validator

from spotscribe_testing.service.openapi_file import description, file_of


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(description("voxtral"))
    return found


def test_the_file_is_what_the_code_says() -> None:
    assert file_of("voxtral").read_text() == description("voxtral"), "write it anew: npm run openapi"


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {
        "/analyze",
        "/health",
        "/metrics",
        "/transcribe",
        "/v1/chat/completions",
        "/v1/models",
        "/v1/models/{name}",
    }
    for path in document["paths"].values():
        for operation in path.values():
            assert operation["description"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(document)):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]
        Draft202012Validator.check_schema(found)


def test_the_schema_of_a_chat_takes_what_openais_clients_send(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/chat/completions"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    audio = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    for content in ("Hello", [{"type": "text", "text": "What is said?"}, audio]):
        jsonschema.validate({"model": "x", "messages": [{"role": "user", "content": content}]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"model": "x", "messages": []}, schema)


def test_the_page_asks_nobody_else_for_anything(url: str) -> None:
    page = httpx.get(f"{url}/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/"), f"{address} is not ours"
        assert httpx.get(f"{url}{address}").status_code == 200
