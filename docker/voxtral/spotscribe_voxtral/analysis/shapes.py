"""What the model is to write, one shape of JSON for each task.

Fields that nobody asked for are passed over, and texts are cleaned of what no JSON or page can show: a model
that adds a remark has still answered. Texts and counts are bounded, whatever it writes.
"""

import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spotscribe_common.contract import MOST_QUESTIONS, EntityType, SentimentName

# What a quote is cut to: enough to be found in a transcript. The second is for scripts without spaces.
QUOTE_WORDS = 20
_QUOTE_CHARACTERS = 200
# A text of more than white space and control characters, for an answer that its schema restricts.
_NOT_EMPTY = r"^[^\s\x00-\x1f\x7f-\x9f]"
# How many entries the prompts ask for, and the schemas allow. What a model writes beyond that is passed over.
TOPICS, ACTION_ITEMS, QUESTIONS, ENTITIES, CHAPTERS, HIGHLIGHTS = 10, 15, 15, 20, 8, 3


def clean(value: object) -> object:
    """One line without control characters and halves of surrogate pairs; anything but text as it is."""
    if not isinstance(value, str):
        return value
    line = " ".join(value.split())
    return "".join(letter for letter in line if unicodedata.category(letter) not in {"Cc", "Cs"})


def _clean_or_none(value: object) -> object:
    return clean(value) or None


def _clean_or_empty(value: object) -> object:
    return "" if value is None else clean(value)


def _quote(value: object) -> object:
    text = _clean_or_empty(value)
    return " ".join(text.split()[:QUOTE_WORDS])[:_QUOTE_CHARACTERS] if isinstance(text, str) else text


def _lowered(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _one_of(names: tuple[str, ...]) -> Callable[[object], object]:
    def known(value: object) -> object:
        lowered = _lowered(value)
        return lowered if lowered in names or not isinstance(value, str) else "other"

    return known


def _first(count: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:count] if isinstance(value, list) else value)


# The bounds come first: behind the validator, pydantic leaves the pattern out of the schema.
Line = Annotated[str, Field(max_length=500, pattern=_NOT_EMPTY), BeforeValidator(clean)]
OptionalLine = Annotated[Line | None, BeforeValidator(_clean_or_none)]
Paragraph = Annotated[str, BeforeValidator(_clean_or_empty), Field(max_length=4000)]
Quote = Annotated[
    str,
    BeforeValidator(_quote),
    Field(max_length=_QUOTE_CHARACTERS, description=f"spoken words, verbatim, at most {QUOTE_WORDS}"),
]


class Written(BaseModel):
    """A piece of what a model wrote."""

    model_config = ConfigDict(extra="ignore")


class WrittenClaim(Written):
    """Something said to be in the recording. The quote comes first: a model then writes what it supports."""

    quote: Quote


class WrittenSummary(Written):
    """Empty where nobody speaks."""

    summary: Paragraph


class WrittenTopic(WrittenClaim):
    """What is talked about."""

    title: Line


class WrittenTopics(Written):
    """All of them."""

    topics: Annotated[list[WrittenTopic], _first(TOPICS), Field(max_length=TOPICS)]


class WrittenActionItem(WrittenClaim):
    """What somebody is to do."""

    task: Line
    owner: OptionalLine = None
    due: OptionalLine = None


class WrittenActionItems(Written):
    """All of them."""

    action_items: Annotated[list[WrittenActionItem], _first(ACTION_ITEMS), Field(max_length=ACTION_ITEMS)]


class WrittenQuestion(WrittenClaim):
    """What somebody asks."""

    question: Line
    answer: OptionalLine = None


class WrittenQuestions(Written):
    """All of them."""

    questions: Annotated[list[WrittenQuestion], _first(QUESTIONS), Field(max_length=QUESTIONS)]


class WrittenSentiment(WrittenClaim):
    """None where nobody speaks."""

    reason: Paragraph
    overall: Annotated[SentimentName | None, BeforeValidator(_lowered)]


class WrittenEntity(WrittenClaim):
    """Who or what is named; of a type that is not in the list, `other`."""

    name: Line
    type: Annotated[EntityType, BeforeValidator(_one_of(get_args(EntityType)))]


class WrittenEntities(Written):
    """All of them."""

    entities: Annotated[list[WrittenEntity], _first(ENTITIES), Field(max_length=ENTITIES)]


class WrittenChapter(WrittenClaim):
    """A part on one subject. The quote is its first words."""

    title: Line


class WrittenChapters(Written):
    """All of them, in order."""

    chapters: Annotated[list[WrittenChapter], _first(CHAPTERS), Field(max_length=CHAPTERS)]


class WrittenHighlight(WrittenClaim):
    """A passage worth hearing. The quote is its first words, `ending` its last ones."""

    ending: Quote = ""
    title: Line
    reason: Paragraph


class WrittenHighlights(Written):
    """The best first."""

    highlights: Annotated[list[WrittenHighlight], _first(HIGHLIGHTS), Field(max_length=HIGHLIGHTS)]


class WrittenAnswer(WrittenClaim):
    """The answer to the question of that number; None if it is not given."""

    number: Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MOST_QUESTIONS})]
    answer: Annotated[Paragraph | None, BeforeValidator(_clean_or_none)]


class WrittenAnswers(Written):
    """At most one for each question is wanted."""

    answers: Annotated[list[WrittenAnswer], _first(MOST_QUESTIONS), Field(max_length=MOST_QUESTIONS)]


class WrittenText(Written):
    """Several texts made into one."""

    text: Annotated[str, Field(max_length=4000, pattern=_NOT_EMPTY), BeforeValidator(clean)]


def answer_schema(shape: type[Written]) -> dict[str, Any]:
    """The JSON schema of what the model writes: stricter than the shape, which forgives what models do.

    Every field is written, in its order, and no others. Titles and our own descriptions are left out.
    """
    whole = shape.model_json_schema()
    for described in (whole, *whole.get("$defs", {}).values()):
        for word in ("title", "description"):
            described.pop(word, None)
        for field in described.get("properties", {}).values():
            for word in ("title", "default"):
                field.pop(word, None)
        if "properties" in described:
            described["required"] = [*described["properties"]]
            described["additionalProperties"] = False
    return whole
