"""JSON found in what a model wrote: what is forgiven, what is refused, and bounds."""

import json
import re
from typing import Any

import pytest

from spotscribe_voxtral.analysis.json_answer import UnusableAnswerError, read_answer
from spotscribe_voxtral.analysis.shapes import (
    Written,
    WrittenAnswers,
    WrittenEntities,
    WrittenSentiment,
    WrittenSummary,
    WrittenTopics,
)
from spotscribe_voxtral.analysis.tasks import TASKS, Task

TOPICS = '{"topics": [{"quote": "ship it", "title": "Release"}]}'


def titles(text: str) -> list[str]:
    return [topic.title for topic in read_answer(text, WrittenTopics).topics]


@pytest.mark.parametrize(
    "text",
    [
        TOPICS,
        f"```json\n{TOPICS}\n```",
        f"Sure! Here is the {{JSON}} you asked for:\n{TOPICS}\nLet me know {{if}} you need more.",
        f'He said "this: {TOPICS}',
        '{"topics": [{"quote": "ship it", "title": "Release",},],}',
        '{"topics": [{"quote": "ship it", "title": "Release" ,\n } , ]\n}',
        '{"topics": [{"quote": "ship\nit", "title": "Release"}]}',
        '{"note": "mine", "topics": [{"quote": "ship it", "title": "Release", "score": NaN}]}',
        f'{{"type": "object", "properties": {{}}}}\n{TOPICS}',
        f"{{ {TOPICS}",
    ],
)
def test_an_answer_is_found_in_what_models_write_around_it(text: str) -> None:
    assert titles(text) == ["Release"]


def test_commas_and_brackets_inside_texts_are_left_alone() -> None:
    found = read_answer('{"topics": [{"quote": "a,]} \\" {[,}", "title": ",]"},]}', WrittenTopics)
    assert (found.topics[0].quote, found.topics[0].title) == ('a,]} " {[,}', ",]")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no JSON object"),
        ("I cannot listen to audio.", "no JSON object"),
        ('{"topics": [{"quote": "ship it", "title": "Rel', "no JSON object"),
        ('[{"quote": "ship it", "title": "Release"}]', "topics: Field required"),
        ('{"topics": [{"quote": "ship it"}]}', "topics.0.title: Field required"),
        ('{"topics": [{"quote": "ship it", "title": ""}]}', "topics.0.title"),
        ('{"topics": [{"quote": 5, "title": "Release"}]}', "topics.0.quote"),
        ('{"topics": "none"}', "topics"),
        ("{'topics': []}", "Its JSON is wrong"),
        ('{"topics": []; "x": 1}', "Its JSON is wrong"),
        ('{"topics": [], "n": ' + "1" * 5000 + "}", "Its JSON is wrong"),
        ('{"topics": ' + "[" * 40 + "]" * 40 + "}", "no JSON object"),
        ('{"topics": []}' + " " * 100_000, "too long"),
    ],
)
def test_what_is_no_answer_is_refused_and_the_model_told_why(text: str, told: str) -> None:
    with pytest.raises(UnusableAnswerError, match=told):
        read_answer(text, WrittenTopics)


def test_a_refusal_quotes_nothing_of_what_was_said() -> None:
    text = '{"overall": "SECRET", "reason": "SECRET", "quote": ["SECRET"], "SECRET": 1}'
    with pytest.raises(UnusableAnswerError) as refusal:
        read_answer(text, WrittenSentiment)
    assert "overall" in str(refusal.value)
    assert "SECRET" not in str(refusal.value)


@pytest.mark.parametrize("piece", ['{"a":', "{", '"', '\\"', "[{", '{"topics": [,', '"\\', "```{"])
def test_hostile_text_of_the_greatest_length_is_refused(piece: str) -> None:
    with pytest.raises(UnusableAnswerError):
        read_answer(("{" + piece * 64_000)[:64_000], WrittenTopics)


def test_lengths_are_bounded() -> None:
    one: dict[str, Any] = {"quote": "q", "title": "t"}
    with pytest.raises(UnusableAnswerError, match=r"topics\.0\.title"):
        read_answer(json.dumps({"topics": [{**one, "title": "t" * 501}]}), WrittenTopics)
    with pytest.raises(UnusableAnswerError, match="summary"):
        read_answer(json.dumps({"summary": "s" * 4001}), WrittenSummary)


def test_a_long_quote_is_cut_and_stays_a_quote() -> None:
    words = [f"w{at}" for at in range(50)]
    found = read_answer(json.dumps({"topics": [{"quote": " ".join(words), "title": "t"}]}), WrittenTopics)
    assert found.topics[0].quote == " ".join(words[:20])
    japanese = "これは" * 200
    found = read_answer(json.dumps({"topics": [{"quote": japanese, "title": "t"}]}), WrittenTopics)
    assert japanese.startswith(found.topics[0].quote)
    assert 50 < len(found.topics[0].quote) <= 200


def test_texts_are_lines_that_json_can_hold() -> None:
    found = read_answer('{"summary": " One\\ntwo \\u0000\\ud800 three\\u200d "}', WrittenSummary)
    assert found.summary == "One two  three\u200d"
    assert found.model_dump_json()


def test_small_liberties_are_understood() -> None:
    mood = read_answer('{"overall": " Positive ", "reason": null, "quote": null}', WrittenSentiment)
    assert (mood.overall, mood.reason, mood.quote) == ("positive", "", "")
    entities = read_answer(
        '{"entities": [{"name": "Rex", "type": "Dog", "quote": "Rex"}, '
        '{"name": "Ann", "type": "PERSON", "quote": "Ann"}]}',
        WrittenEntities,
    )
    assert [entity.type for entity in entities.entities] == ["other", "person"]
    answers = read_answer('{"answers": [{"number": "2", "answer": " ", "quote": ""}]}', WrittenAnswers)
    assert (answers.answers[0].number, answers.answers[0].answer) == (2, None)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.field)
def test_a_schema_allows_as_many_entries_as_the_prompt_asks_for(task: Task[Written]) -> None:
    field = task.shape.model_json_schema()["properties"].get(task.field, {})
    told = re.search(r"at most (\d+)(?: items)?[,:]", task.told)
    assert field.get("maxItems") == (None if told is None else int(told[1]))


def test_entries_beyond_the_last_one_are_passed_over() -> None:
    many = [{"quote": "q", "title": f"t{at}"} for at in range(30)]
    found = read_answer(json.dumps({"topics": many}), WrittenTopics)
    assert [topic.title for topic in found.topics] == [f"t{at}" for at in range(10)]
