"""The shapes of this package are those of `core/contract`."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import TypeAdapter, ValidationError

from spotscribe_common import contract, errors
from spotscribe_common.errors import PermanentError, RetryableError, ServiceError
from spotscribe_testing.places import FIXTURES
from spotscribe_testing.service.contract_schema import check, schema
from spotscribe_testing.service.schema_differences import differences_sent, differences_taken

OURS: dict[str, TypeAdapter[Any]] = {
    "TranscribeRequest": TypeAdapter(contract.TranscribeRequest),
    "TranscribeEvent": TypeAdapter(contract.TranscribeEvent),
    "Transcript": TypeAdapter(contract.Transcript),
    "AnalyzeRequest": TypeAdapter(contract.AnalyzeRequest),
    "AnalyzeEvent": TypeAdapter(contract.AnalyzeEvent),
    "Analysis": TypeAdapter(contract.Analysis),
    "EmbedRequest": TypeAdapter(contract.EmbedRequest),
    "EmbedEvent": TypeAdapter(contract.EmbedEvent),
    "SynthesizeRequest": TypeAdapter(contract.SynthesizeRequest),
    "SynthesizeEvent": TypeAdapter(contract.SynthesizeEvent),
    "ModelsMark": TypeAdapter(contract.ModelsMark),
}
FILES = sorted(FIXTURES.glob("*.json"))


def family(base: type[ServiceError]) -> set[str]:
    found = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, base)]
    return {error.code for error in found if error is not base}


def test_there_are_fixtures() -> None:
    assert {file.name.split(".")[0] for file in FILES} >= set(OURS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_fixture_keeps_to_the_schema_and_survives_our_models(file: Path) -> None:
    name, value = file.name.split(".")[0], json.loads(file.read_text())
    check(name, value)
    if name in OURS:
        shape = OURS[name].validate_python(value)
        written = json.loads(shape.to_json())
        check(name, written)
        assert written == value | {key: written[key] for key in written.keys() - value.keys()}


def compared(name: str, contract_schema: dict[str, Any]) -> list[str]:
    """Where our shape differs from the contract's: in what it takes (requests), or in what it sends."""
    is_request = name.endswith("Request")
    ours = OURS[name].json_schema(mode="validation" if is_request else "serialization")
    direction = "input" if is_request else "output"
    theirs = {**contract_schema, "$ref": f"#/{direction}/{name}"}
    return (differences_taken if is_request else differences_sent)(ours, theirs, name)


@pytest.mark.parametrize("name", OURS)
def test_a_shape_says_what_the_contract_says(name: str) -> None:
    assert compared(name, schema()) == []


def test_the_comparison_sees_what_one_side_lacks() -> None:
    changed = deepcopy(schema())
    for field in ("owner", "due"):
        del changed["output"]["ActionItem"]["properties"][field]
    changed["output"]["AnalyzeEvent"]["oneOf"].append({"properties": {"type": {"const": "paused"}}})
    changed["output"]["Analysis"]["required"].remove("duration")
    changed["output"]["Entity"]["properties"]["type"]["enum"].append("animal")
    found = compared("AnalyzeEvent", changed)
    place = "AnalyzeEvent(result).analysis"
    assert found[0] == "AnalyzeEvent(paused)"
    assert {
        f"{place}.action_items[].owner",
        f"{place}.action_items[].due",
        f"{place}.duration: True, False",
    } <= set(found)
    assert any(each.startswith(f"{place}.entities[].type: ") for each in found)
    changed["input"]["TranscribeRequest"]["properties"]["hotwords"]["maxLength"] = 5
    assert compared("TranscribeRequest", changed) == [
        "TranscribeRequest.hotwords: {'maxLength': 1000}, {'maxLength': 5}"
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"path": ""},
        {"path": 5},
        {"path": "a", "start_at": -1},
        {"path": "a", "start_at": "now"},
        {"path": "a", "max_seconds": 0},
        {"path": "a", "url": "http://localhost"},
    ],
)
def test_a_request_that_differs_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        contract.TranscribeRequest.model_validate(body)


def test_the_schema_can_refuse() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check("TranscribeEvent", {"type": "window", "end": 1})


def test_error_codes_are_parted_as_in_the_contract() -> None:
    codes = set(schema()["output"]["JobError"]["properties"]["code"]["enum"])
    permanent = set(schema()["permanent_codes"])
    assert family(PermanentError) <= permanent <= codes
    assert family(RetryableError) <= codes - permanent


@pytest.mark.parametrize("field", ["earlier", "earlier_degraded", "speaker_cleanup"])
def test_a_list_is_judged_up_to_its_first_bad_entry(field: str) -> None:
    """A complaint about each of a million entries took seven gigabytes."""
    with pytest.raises(ValidationError) as caught:
        contract.TranscribeRequest.model_validate_json(json.dumps({"path": "a", field: [{}] * 1000}))
    assert caught.value.error_count() <= len(contract.Segment.model_fields)
