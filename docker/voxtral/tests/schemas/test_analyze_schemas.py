"""A schema in `POST /analyze`, as JSON and as a form, with the service whole."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from spotscribe_testing.models.scripted_voxtral import ScriptedVoxtral, in_turn
from spotscribe_testing.places import SAMPLE
from spotscribe_testing.service.answers import refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.live_server import answers_ok, served, wait_until
from spotscribe_voxtral.app import create_app
from spotscribe_voxtral.engines.laptop.extractive import ExtractiveEngine
from spotscribe_voxtral.settings import Settings

SCHEMA = {"type": "object", "properties": {"caller": {"type": "string"}}, "required": ["caller"]}
FILLED = json.dumps({"caller": {"quote": "good morning", "value": "Ines"}})


def sent(url: str, audio: Path, schema: Any, *, form: bool) -> httpx.Response:
    if not form:
        return httpx.post(f"{url}/analyze", json={"path": audio.name, "schema": schema}, timeout=600)
    text = schema if isinstance(schema, str) else json.dumps(schema)
    with audio.open("rb") as file:
        fields = {"schema": text}
        return httpx.post(f"{url}/analyze", files={"file": file}, data=fields, timeout=600)


@pytest.mark.parametrize("form", [False, True])
def test_values_of_a_schema_are_extracted(
    form: bool, url: str, audio: str, settings: Settings, model: ScriptedVoxtral
) -> None:
    model.script = in_turn([FILLED])
    answer = sent(url, settings.shared_audio / audio, SCHEMA, form=form)
    assert answer.status_code == 200, answer.text
    check("Analysis", answer.json())
    assert answer.json()["extracted"]["value"] == {"caller": "Ines"}
    assert len(model.batches) == 1


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize(
    ("schema", "param"),
    [
        ({"type": "array"}, "schema.type"),
        (
            {"type": "object", "properties": {"a": {"type": "string", "pattern": "x"}}},
            "schema.properties.a.pattern",
        ),
        ({"type": "object", "description": "x" * 17_000}, "schema"),
        (5, "schema"),
    ],
)
def test_a_schema_that_is_not_supported_is_refused_before_the_audio_is_decoded(
    form: bool, schema: Any, param: str, url: str, settings: Settings, model: ScriptedVoxtral
) -> None:
    no_audio = settings.shared_audio / "input"
    no_audio.write_bytes(b"not audio at all")
    error = refusal(sent(url, no_audio, schema, form=form), 400, "invalid_request")
    assert error["param"] == param
    assert len(error["message"]) < 400
    assert model.batches == []


def test_a_form_with_a_schema_that_is_no_json_is_refused(url: str, audio: str, settings: Settings) -> None:
    for text in ('{"type": ', "[" * 10_000):
        error = refusal(sent(url, settings.shared_audio / audio, text, form=True), 400, "invalid_request")
        assert error["param"] == "schema"


def test_the_laptops_engine_finds_a_text_and_says_what_it_does_not_find(settings: Settings) -> None:
    schema = {
        "type": "object",
        "properties": {
            "way": {"type": "string", "description": "where to turn left, at which house"},
            "price": {"type": "number"},
        },
        "required": ["way", "price"],
    }
    with served(create_app(settings, ExtractiveEngine())) as url:
        wait_until(lambda: answers_ok(url), "the model has loaded")
        answer = sent(url, SAMPLE, schema, form=True).json()
    assert "red house" in answer["extracted"]["value"]["way"]
    assert answer["extracted"]["missing"] == ["/price"]
    assert "does not contain /price" in answer["degraded"][0]["reason"]
