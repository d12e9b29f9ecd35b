"""Finds the JSON in what a model wrote.

Forgiven is what models do from habit: a code fence, words around the JSON, a comma before a closing bracket,
a line break inside a text. Nothing is guessed beyond that: a library that closes open brackets turns half a
claim into a claim, and takes time that grows with the square of the text, in the one thread of the model.
"""

import json
import re
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

# Far above what fits into the tokens of an answer, unless it is all spaces.
_MOST_CHARACTERS = 64_000
# Objects within lists within objects: the deepest shape has 3.
_MOST_DEPTH = 8
# Opening brackets that are tried: prose may have some before the answer.
_MOST_TRIED = 16
_TOLD_ERRORS = 3
# A text is taken whole, also one without an end, so that its brackets do not count. Possessive: no way back.
_TEXT = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
_TEXT_OR_BRACKET = re.compile(rf"{_TEXT}|[{{}}\[\]]", re.DOTALL)
_TEXT_OR_LAST_COMMA = re.compile(rf"({_TEXT})|,(?=\s*+[}}\]])", re.DOTALL)

Shape = TypeVar("Shape", bound=BaseModel)


class UnusableAnswerError(Exception):
    """What was written is not what was asked for; the message says so to the model."""


def read_answer(text: str, shape: type[Shape]) -> Shape:
    """The first JSON object in the text that has the shape.

    Raises:
        UnusableAnswerError: there is none. The message quotes nothing of the text.
    """
    if len(text) > _MOST_CHARACTERS:
        raise UnusableAnswerError("It is too long.")
    problem = "It has no JSON object that is complete."
    for written in _objects(text):
        try:
            return shape.model_validate(json.loads(written, strict=False))
        except ValidationError as error:
            problem = _told(error)
        except ValueError as error:
            # Its own message alone: what else it says is about places in the text.
            problem = f"Its JSON is wrong: {getattr(error, 'msg', 'a number is too long')}."
    raise UnusableAnswerError(problem)


def _objects(text: str) -> Iterator[str]:
    """The outermost objects, without commas after their last entries."""
    begin = text.find("{")
    for _ in range(_MOST_TRIED):
        if begin < 0:
            return
        end = _end_of_object(text, begin)
        if end is not None:
            yield _TEXT_OR_LAST_COMMA.sub(lambda found: found[1] or "", text[begin:end])
        begin = text.find("{", begin + 1 if end is None else end)


def _end_of_object(text: str, begin: int) -> int | None:
    depth = 0
    for token in _TEXT_OR_BRACKET.finditer(text, begin):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
        if depth == 0:
            return token.end()
        if depth > _MOST_DEPTH:
            return None
    return None


def _told(error: ValidationError) -> str:
    told = error.errors(include_url=False, include_context=False, include_input=False)[:_TOLD_ERRORS]
    return " ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}." for one in told)
