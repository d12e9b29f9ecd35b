"""`response_format` `json_schema`, through OpenAI's own client."""

import json
from typing import Any

import httpx
import pytest
from openai import OpenAI
from pydantic import BaseModel, Field

from spotscribe_testing.models.scripted_voxtral import Endless, ScriptedVoxtral, in_turn, texts
from spotscribe_testing.service.answers import refusal


class Person(BaseModel):
    name: str = Field(description="as it is spoken")


class Call(BaseModel):
    caller: Person
    others: list[Person]
    amount: float | None


GOOD = '{"caller": {"name": "Zoë"}, "others": [], "amount": 2.5}'


@pytest.fixture
def client(url: str) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key="sk-unused", max_retries=0, timeout=600)


def parsed(client: OpenAI, **fields: Any) -> Call | None:
    answer = client.chat.completions.parse(
        model="voxtral", messages=[{"role": "user", "content": "Who calls?"}], response_format=Call, **fields
    )
    return answer.choices[0].message.parsed


def test_an_answer_has_the_callers_own_type(client: OpenAI, model: ScriptedVoxtral) -> None:
    model.script = in_turn([GOOD])
    found = parsed(client)
    assert found == Call(caller=Person(name="Zoë"), others=[], amount=2.5)
    [how] = model.asked
    [schema] = how.schemas
    assert schema is not None
    assert schema["properties"]["amount"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}
    told = texts(model.batches[0][0]).splitlines()[-1]
    assert json.loads(told) == schema
    assert "as it is spoken" in told


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ('{"caller": {}, "others": [], "amount": 1}', "caller does not keep to the schema (required)"),
        (GOOD.replace("2.5", '"2.5"'), "amount does not keep to the schema (anyOf)"),
        (GOOD.replace("{", '{"more": 1, ', 1), "The object does not keep to the schema"),
        ("No.", "no JSON object"),
    ],
)
def test_an_engine_that_keeps_to_no_schema_is_asked_once_more(
    wrong: str, told: str, client: OpenAI, model: ScriptedVoxtral
) -> None:
    model.script = in_turn([wrong, GOOD])
    assert parsed(client) is not None
    assert told in texts(model.batches[1][0])
    assert [how.schemas for how in model.asked] == [model.asked[0].schemas] * 2


def test_an_answer_that_never_keeps_to_the_schema_is_an_error(url: str, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: '{"mood": "SECRET"}'
    error = refusal(
        post(url, {"type": "object", "properties": {"a": {"type": "string"}}}), 422, "invalid_request"
    )
    assert "of the requested form" in error["message"]
    assert "SECRET" not in error["message"]


def test_an_answer_that_is_cut_is_returned_as_it_is(url: str, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: Endless('{"a": "and so on')
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    choice = post(url, schema).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ('{"a": "and so on', "length")


def test_any_object_is_any_object_for_the_engine_too(url: str, model: ScriptedVoxtral) -> None:
    model.script = lambda _conversation: '{"a": [1]}'
    assert post(url, None, {"type": "json_object"}).status_code == 200
    assert [how.schemas for how in model.asked] == [[{"type": "object"}]]
    assert post(url, None, {"type": "text"}).status_code == 200
    assert [*model.asked[-1].schemas] == []


@pytest.mark.parametrize(
    ("json_schema", "param"),
    [
        (None, ""),
        ({}, ".schema"),
        ({"schema": 5}, ".schema"),
        ({"schema": {"type": "array"}}, ".schema.type"),
        (
            {"schema": {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+"}}}},
            ".schema.properties.a.pattern",
        ),
    ],
)
def test_a_schema_that_is_not_supported_is_refused_by_its_place(
    json_schema: Any, param: str, url: str, model: ScriptedVoxtral
) -> None:
    body = {"type": "json_schema", "json_schema": json_schema}
    error = refusal(post(url, None, body), 400, "invalid_request")
    assert error["param"] == f"response_format.json_schema{param}"
    assert model.batches == []


def post(url: str, schema: Any, response_format: Any = None) -> httpx.Response:
    form = response_format or {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = {
        "model": "voxtral",
        "messages": [{"role": "user", "content": "Hello"}],
        "response_format": form,
    }
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=600)
