"""JSON held against a model, and which of its texts is not Unicode where one is not."""

import gc
import json
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.http.http_errors import invalid_request
from spotscribe_common.quoting import shortened

Model = TypeVar("Model", bound=BaseModel)
# A body with more to complain of than this was never meant for us.
_MOST_COMPLAINTS = 100
# How pydantic's complaints about texts end.
_BROKEN_TEXT = ("hex escape", "unicode code point")
# As Python's objects, a body takes twenty times its size and more: only so much is searched for the field.
_MOST_SEARCHED_BYTES = 1 << 20


def parsed_json(body: bytes, model: type[Model]) -> Model:
    """JSON as the model. Called in a thread: the checkpoint of hours is megabytes.

    Raises:
        InvalidRequestError: naming the field.
    """
    # Pydantic holds Python's lock until it is done, and nothing that it makes is in a cycle: looking for
    # cycles meanwhile, again and again, took five times as long as all the rest.
    gc.disable()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        # Spelling out a million of them takes seconds and a gigabyte.
        few = error.error_count() <= _MOST_COMPLAINTS
        details = error.errors(include_input=False) if few else []
    finally:
        gc.enable()
    if details and details[0]["type"] == "json_invalid":
        _refuse_broken_text(body, details[0]["ctx"]["error"])
    raise invalid_request(details)


def _refuse_broken_text(body: bytes, complaint: str) -> None:
    """Pydantic says at which column, and a caller knows fields.

    Raises:
        InvalidRequestError: a text has bytes that are not UTF-8, or half of a surrogate pair.
    """
    said, _, place = complaint.partition(" at ")
    if not said.endswith(_BROKEN_TEXT):
        return
    if len(body) > _MOST_SEARCHED_BYTES:
        raise InvalidRequestError(f"The body: the text at {place} is not valid Unicode.")
    try:
        # Bytes that are not UTF-8 become surrogates, which the other reader lets through.
        value = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return
    field = next(_broken(value), None)
    if field is not None:
        name = shortened(field)
        raise InvalidRequestError(f"{name}: the text is not valid Unicode.", param=name)


def _broken(value: Any) -> Iterator[str]:
    """Dotted paths of the texts that cannot be encoded. No recursion: the reader allows deep nesting."""
    path: list[str] = []
    levels = [_entries({"The body": value})]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
            del path[-1:]
            continue
        key, found = entry
        if _is_broken(key) or (isinstance(found, str) and _is_broken(found)):
            yield ".".join([*path, key][1:]) or key
        elif isinstance(found, dict | list):
            levels.append(_entries(found))
            path.append(key)


def _entries(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    else:
        yield from ((str(at), entry) for at, entry in enumerate(value))


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
