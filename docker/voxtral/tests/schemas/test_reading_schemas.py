"""Which JSON schemas are accepted; `answer-schema.test.ts` reads the same cases."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from spotscribe_common.errors import InvalidRequestError
from spotscribe_testing.places import ANSWER_SCHEMAS
from spotscribe_testing.service.contract_schema import schema as contract
from spotscribe_voxtral.schemas.reading import KEYWORDS, LIMITS, read_schema

CASES = json.loads(ANSWER_SCHEMAS.read_text())
ACCEPTED = [case for case in CASES if case["at"] is None]
REFUSED = [case for case in CASES if case["at"] is not None]


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


@pytest.mark.parametrize("case", ACCEPTED, ids=named)
def test_a_schema_is_accepted_and_keeps_its_meaning(case: dict[str, Any]) -> None:
    plain = read_schema(case["schema"], "schema").schema()
    Draft202012Validator.check_schema(plain)
    assert "$ref" not in json.dumps(plain)
    assert [*plain["properties"]] == [*case["schema"]["properties"]]


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_a_schema_is_refused_with_the_place_of_its_fault(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_schema(case["schema"], "schema")
    assert caught.value.param == ".".join(filter(None, ("schema", case["at"])))[:100]
    assert str(caught.value.message).startswith(f"{caught.value.param}: ")


def test_there_is_a_refusal_for_each_keyword() -> None:
    tried = {str(case["at"]).rsplit(".", 1)[-1] for case in REFUSED}
    bounds = {word for words in KEYWORDS.values() for word in words} - {"default", "examples"}
    # The sum of the range is refused at its value, and what has the same check is tried once.
    assert bounds - tried <= {"exclusiveMinimum", "exclusiveMaximum", "properties"}


def test_keywords_and_limits_are_those_of_the_contract() -> None:
    declared = contract()["answer_schemas"]
    assert {kind: list(words) for kind, words in KEYWORDS.items()} == declared["keywords"]
    assert declared["limits"] == LIMITS


def test_bounds_survive() -> None:
    [case] = [case for case in ACCEPTED if case["name"] == "every keyword"]
    validator = Draft202012Validator(read_schema(case["schema"], "schema").schema())
    good = {
        "caller": "Ada",
        "amount": None,
        "items": [{"name": "x"}],
        "size": None,
        "mood": "calm",
        "count": 2,
    }
    assert validator.is_valid(good)
    for change in (
        {"caller": ""}, {"caller": 5}, {"amount": 1000}, {"amount": -1}, {"items": []}, {"size": "M"},
        {"mood": None}, {"count": 4}, {"other": 1}, {"urgent": "yes"},
    ):  # fmt: skip
        assert not validator.is_valid(good | change), change
    assert not validator.is_valid({"caller": "Ada"})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"\ud800": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "string", "default": "\ud800"}}},
        {"type": "object", "properties": {"a": {"type": "number", "minimum": float("nan")}}},
        {"type": "object", "properties": {"a": {"type": "number", "maximum": float("inf")}}},
    ],
)
def test_what_json_cannot_say_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="schema"):
        read_schema(schema, "schema")


def test_nesting_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(100_000):
        schema = {"a": schema}
    with pytest.raises(InvalidRequestError, match="can be written"):
        read_schema(schema, "schema")
