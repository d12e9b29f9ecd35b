"""Answers that keep to JSON schemas, by the production engine with tiny models on the CPU.

Run with `-m production` where requirements.production.txt is installed.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from spotscribe_audio.speech.windows import Window
from spotscribe_common.errors import InternalError, InvalidRequestError
from spotscribe_testing.places import ANSWER_SCHEMAS
from spotscribe_voxtral.analysis.asking import Asker
from spotscribe_voxtral.analysis.extracting import extracted
from spotscribe_voxtral.analysis.form import form_of
from spotscribe_voxtral.analysis.joining import Joiner
from spotscribe_voxtral.analysis.json_answer import read_answer
from spotscribe_voxtral.analysis.merging import Heard
from spotscribe_voxtral.analysis.shapes import Written, WrittenAnswers, WrittenText, answer_schema
from spotscribe_voxtral.analysis.tasks import TASKS
from spotscribe_voxtral.chat.answer import ChatEvent, ChatOrder, ChatWritten, Turn, write_answer
from spotscribe_voxtral.chat.json_form import ANY_OBJECT, JsonForm
from spotscribe_voxtral.engines import grammar
from spotscribe_voxtral.engines.engine import Generated, Generation, Message
from spotscribe_voxtral.engines.voxtral import Precision, VoxtralEngine
from spotscribe_voxtral.schemas.reading import read_schema

pytestmark = pytest.mark.production
TEXT = '{"mood": "good", "count": 3}'


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


MOOD = closed(
    mood={"type": "string", "enum": ["good", "bad"]}, count={"type": "integer", "minimum": 1, "maximum": 9}
)
NAMES = closed(names={"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 3})
NOTE = closed(note={"type": ["string", "null"], "maxLength": 8}, sure={"type": "boolean"})


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from spotscribe_testing.models.tiny_voxtral import scripted_voxtral, tiny_voxtral

    torch.set_num_threads(1)
    directory = tmp_path_factory.mktemp("models")
    scripted_voxtral(directory / "scripted", TEXT)
    tiny_voxtral(directory / "tiny")
    return directory


def made(models: Path, name: str, precision: Precision = "auto") -> VoxtralEngine:
    engine = VoxtralEngine(
        models=models, model=name, quantization="none", precision=precision, scratch=models / "scratch"
    )
    engine.load()
    return engine


@pytest.fixture(scope="module")
def tiny(models: Path) -> VoxtralEngine:
    return made(models, "tiny")


def answers(
    engine: VoxtralEngine, *schemas: dict[str, Any] | None, max_tokens: int = 80, temperature: float = 0.0
) -> list[Generated]:
    conversations = [[Message("user", (f"Question {at}" * (at + 1),))] for at in range(len(schemas))]
    how = Generation(max_tokens, temperature, schemas=schemas)
    return engine.answer(conversations, how, lambda _number, _piece: None, lambda: False)


def holds(schema: dict[str, Any], answer: Generated) -> None:
    assert answer.finish == "stop"
    Draft202012Validator(schema).validate(json.loads(answer.text))


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_each_answer_of_a_batch_keeps_to_its_own_schema(
    models: Path, precision: Precision, temperature: float
) -> None:
    engine = made(models, "tiny", precision)
    schemas = [MOOD, NAMES, NOTE, MOOD]
    for schema, answer in zip(schemas, answers(engine, *schemas, temperature=temperature), strict=True):
        holds(schema, answer)


@pytest.mark.parametrize("form", [JsonForm(read_schema(MOOD, "schema").schema(), is_own=True), ANY_OBJECT])
def test_a_conversation_gets_the_form_that_it_asks_for(tiny: VoxtralEngine, form: JsonForm) -> None:
    told: list[ChatEvent] = []
    order = ChatOrder([Turn("user", ("How is it?",))], max_tokens=80, temperature=0.2, top_p=0.95, json=form)
    write_answer(tiny, order, told.append, lambda: False)
    written = told[-1]
    assert isinstance(written, ChatWritten)
    Draft202012Validator(form.schema).validate(json.loads(written.text))


def test_an_answer_without_a_schema_is_the_same_beside_others_with_one(tiny: VoxtralEngine) -> None:
    free = answers(tiny, None, None)
    mixed = answers(tiny, MOOD, None)
    holds(MOOD, mixed[0])
    assert mixed[1].text == free[1].text
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(free[0].text)


def test_the_usual_tokens_of_an_answer_are_permitted(tiny: VoxtralEngine) -> None:
    import torch

    prompts = tiny._prompts
    constraint = tiny._grammars.constraint([MOOD])
    tokens = [prompts.begin]
    for token in [*prompts.encoded(TEXT), prompts.end]:
        scores = constraint.apply(torch.tensor([tokens]), torch.zeros(1, prompts.tokens))
        assert scores[0, token] == 0, f"{prompts.piece(token)!r} is ruled out"
        tokens.append(token)


def test_a_model_that_wants_to_say_something_else_is_made_to_keep_to_the_schema(models: Path) -> None:
    [answer] = answers(made(models, "scripted"), NOTE)
    holds(NOTE, answer)


def test_an_answer_that_is_cut_says_so(tiny: VoxtralEngine) -> None:
    [answer] = answers(tiny, MOOD, max_tokens=4)
    assert (answer.finish, answer.tokens) == ("length", 4)
    assert TEXT.startswith(answer.text)


def test_a_compiled_schema_is_used_again_from_its_beginning(tiny: VoxtralEngine) -> None:
    first, second = answers(tiny, MOOD)[0], answers(tiny, MOOD)[0]
    assert first.text == second.text
    compiled = tiny._grammars._compiled
    before = compiled[json.dumps(MOOD)]
    answers(tiny, MOOD)
    assert compiled[json.dumps(MOOD)] is before


def test_few_compiled_schemas_are_kept(tiny: VoxtralEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_MOST_COMPILED", 2)
    for schema in (MOOD, NAMES, MOOD, NOTE):
        tiny._grammars.constraint([schema])
    assert [*tiny._grammars._compiled][-2:] == [json.dumps(MOOD), json.dumps(NOTE)]
    assert len(tiny._grammars._compiled) <= 3


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "uniqueItems": True, "dependencies": {}},
        {"type": "no such type"},
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(tiny: VoxtralEngine, schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequestError, match="JSON schema cannot be used"):
        answers(tiny, schema)


def test_an_answer_outside_its_schema_is_an_error(tiny: VoxtralEngine) -> None:
    import torch

    constraint = tiny._grammars.constraint([MOOD])
    width = tiny._prompts.tokens
    constraint.apply(torch.zeros(1, 3, dtype=torch.long), torch.zeros(1, width))
    with pytest.raises(InternalError, match="could not be kept"):
        constraint.apply(torch.full((1, 4), width - 1), torch.zeros(1, width))


def test_numbers_of_no_token_are_ruled_out(tiny: VoxtralEngine) -> None:
    import torch

    width = tiny._prompts.tokens + 64
    scores = tiny._grammars.constraint([MOOD]).apply(
        torch.zeros(1, 3, dtype=torch.long), torch.zeros(1, width)
    )
    likely = [token for token in range(width) if scores[0, token] == 0]
    assert [tiny._prompts.piece(token) for token in likely] == [b"{"]


@pytest.mark.parametrize(
    "shape",
    [*(task.shape for task in TASKS.values()), WrittenAnswers, WrittenText],
    ids=lambda one: one.__name__,
)
def test_whatever_is_drawn_from_the_schema_of_a_task_has_its_shape(
    tiny: VoxtralEngine, shape: type[Written]
) -> None:
    for seed in range(5):
        read_answer(drawn(tiny, answer_schema(shape), seed), shape)


@pytest.mark.parametrize("number", range(3))
def test_whatever_is_drawn_from_the_form_of_an_accepted_schema_is_understood(
    tiny: VoxtralEngine, number: int
) -> None:
    accepted = [case["schema"] for case in json.loads(ANSWER_SCHEMAS.read_text()) if case["at"] is None]
    node = read_schema(accepted[number], "schema")
    joiner = Joiner(Asker(tiny, 1, lambda: False), lambda: None)
    for seed in range(8):
        shape = form_of(node)
        written = read_answer(drawn(tiny, answer_schema(shape), seed), shape)
        result = extracted(node, [Heard(Window(0, 9), written)], joiner)
        assert result is not None
        if not result.missing:
            Draft202012Validator(accepted[number]).validate(result.value)


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_an_analysis_with_a_schema_is_never_of_another_form(
    models: Path, precision: Precision, extract: Callable[..., dict[str, Any]]
) -> None:
    engine = made(models, "tiny", precision)
    short = {"type": "string", "maxLength": 10}
    asked = {"type": "object", "properties": {"mood": MOOD["properties"]["mood"], "word": short}}
    analysis = extract(engine, asked, 12)
    assert [loss for loss in analysis["degraded"] if "wanted shape" in loss["reason"]] == []
    Draft202012Validator(asked).validate(analysis["extracted"]["value"])


def drawn(engine: VoxtralEngine, schema: dict[str, Any], seed: int) -> str:
    """An answer of which each token is drawn from those that the schema permits."""
    import torch

    draw = random.Random(seed)
    prompts, width = engine._prompts, engine._prompts.tokens
    constraint = engine._grammars.constraint([schema])
    tokens: list[int] = [prompts.begin]
    while tokens[-1] != prompts.end:
        scores = constraint.apply(torch.tensor([tokens]), torch.zeros(1, width))
        likely = np.flatnonzero(scores[0].numpy() == 0).tolist()
        # Texts end after some twenty characters.
        quotes = [token for token in likely if prompts.piece(token) == b'"']
        tokens.append(quotes[0] if quotes and draw.random() < 0.05 else draw.choice(likely))
    return b"".join(map(prompts.piece, tokens[1:-1])).decode()
