"""The laptop's engine fills a form with what it heard, and invents nothing."""

from typing import Any

from jsonschema import Draft202012Validator

from spotscribe_voxtral.analysis.form import form_of
from spotscribe_voxtral.analysis.shapes import answer_schema
from spotscribe_voxtral.analysis.tasks import TASKS
from spotscribe_voxtral.engines.laptop.filling import filled, is_form
from spotscribe_voxtral.schemas.reading import read_schema

STRETCHES = [
    "how much is the machine",
    "the machine costs five hundred dollars",
    "the house is near the market",
]
TEXT = {"type": "string"}


def form(**properties: Any) -> dict[str, Any]:
    return answer_schema(form_of(read_schema({"type": "object", "properties": properties}, "schema")))


def test_a_text_is_the_stretch_that_shares_words_with_its_name_or_description() -> None:
    asked = form(
        machine={**TEXT, "description": "What it costs"},
        place={"type": "object", "properties": {"house_market": TEXT}},
        weather=TEXT,
    )
    found = filled(asked, STRETCHES)
    Draft202012Validator(asked).validate(found)
    assert found == {
        "machine": {"quote": STRETCHES[1], "value": "The machine costs five hundred dollars."},
        "place": {
            "house_market": {"quote": STRETCHES[2], "value": "The house is near the market."},
        },
        "weather": {"quote": "", "value": None},
    }


def test_what_it_cannot_find_is_null() -> None:
    machine = {"description": "What the machine costs"}
    asked = form(
        number={"type": "number", **machine},
        sure={"type": "boolean", **machine},
        kind={**TEXT, "enum": ["machine"], **machine},
        short={**TEXT, "maxLength": 5, **machine},
        all={"type": "array", "items": TEXT, **machine},
    )
    nothing = {"quote": "", "value": None}
    found = filled(asked, STRETCHES)
    Draft202012Validator(asked).validate(found)
    assert found == {"number": nothing, "sure": nothing, "kind": nothing, "short": nothing, "all": []}


def test_a_form_is_told_from_the_schemas_of_the_tasks() -> None:
    for names in ("summary", "answers", "quote", "value"):
        assert is_form(form(**{names: TEXT}))
    assert is_form(form(items={"type": "array", "items": {"type": "object", "properties": {"a": TEXT}}}))
    assert not any(is_form(answer_schema(task.shape)) for task in TASKS.values())
