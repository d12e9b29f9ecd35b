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
    found: dict[str, Any] = json.loads(description("whisper"))
    return found


def test_the_file_is_what_the_code_says() -> None:
    assert file_of("whisper").read_text() == description("whisper"), "write it anew: npm run openapi"


def test_every_route_is_described(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {
        "/health",
        "/languages",
        "/metrics",
        "/transcribe",
        "/v1/audio/transcriptions",
        "/v1/audio/translations",
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


def test_the_forms_name_lists_as_openais_clients_send_them(document: dict[str, Any]) -> None:
    body = document["paths"]["/v1/audio/transcriptions"]["post"]["requestBody"]
    form = body["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    assert {"timestamp_granularities[]", "known_speaker_names[]", "response_format"} <= set(
        form["properties"]
    )
    jsonschema.validate({"file": "x", "temperature": 0.5}, form)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"file": "x", "temperature": 2}, form)


def test_the_page_asks_nobody_else_for_anything(url: str) -> None:
    page = httpx.get(f"{url}/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/"), f"{address} is not ours"
        assert httpx.get(f"{url}{address}").status_code == 200
    assert httpx.get(f"{url}/openapi.json").json()["paths"]
