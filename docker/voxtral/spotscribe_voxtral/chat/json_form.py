"""Answers that are to be a JSON object, of the caller's schema or of any."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import RootModel

from spotscribe_voxtral.analysis.json_answer import UnusableAnswerError, read_answer
from spotscribe_voxtral.engines.engine import Generated, Message

_TOLD = "Answer with one JSON object and nothing else: no remark, no code fence."


class _JsonObject(RootModel[dict[str, Any]]):
    """Any object."""


@dataclass(frozen=True)
class JsonForm:
    """The form of an answer.

    Attributes:
        schema: JSON schema of an object, which was checked.
        is_own: whether it is the caller's, so that the model must be told.
    """

    schema: Mapping[str, Any]
    is_own: bool

    def told(self, conversation: Sequence[Message]) -> list[Message]:
        """The conversation with the form at its end."""
        form = f"\n{_TOLD}"
        if self.is_own:
            form += f" It keeps to this JSON schema:\n{json.dumps(self.schema, ensure_ascii=False)}"
        *before, last = conversation
        return [*before, replace(last, parts=(*last.parts, form))]

    def read(self, generated: Generated) -> Generated | str:
        """The object alone, without what the model wrote around it; or why it cannot be used.

        An answer that was cut at its greatest length is returned as it is.
        """
        if generated.finish == "length":
            return generated
        try:
            found = read_answer(generated.text, _JsonObject).root
            text = json.dumps(found, ensure_ascii=False, allow_nan=False)
            # Half of a surrogate pair is a text for Python, and cannot be sent.
            text.encode()
        except UnusableAnswerError as error:
            return str(error)
        except ValueError:
            return "It has a number that is none, or a character that is none."
        fault = next(Draft202012Validator(self.schema).iter_errors(found), None)
        if fault is not None:
            place = ".".join(map(str, fault.absolute_path)) or "The object"
            return f"{place} does not keep to the schema ({fault.validator})."
        return replace(generated, text=text)


ANY_OBJECT = JsonForm({"type": "object"}, is_own=False)
