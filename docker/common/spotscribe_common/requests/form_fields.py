"""A form's fields held against a model: one way to write lists and objects, for every route."""

import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from annotated_types import MaxLen
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.http.http_errors import invalid_request
from spotscribe_common.quoting import quoted, shortened
from spotscribe_common.receiving.form_reader import FILE, FormReader

Model = TypeVar("Model", bound=BaseModel)
# Of a text whose field says nothing else.
_MOST_CHARACTERS = 1000
# UTF-8 has up to four bytes for a character.
_BYTES_PER_CHARACTER = 4
_NAME = re.compile(r"([^\[\]]+)(?:\[([^\[\]]*)\])?")
_INDEX = re.compile(r"[0-9]{1,4}")


@dataclass
class _Given:
    """What was sent under one name: plain values and those of `name[]` in order, others by their key."""

    plain: list[str] = field(default_factory=list)
    keyed: dict[str, str] = field(default_factory=dict)

    def entries(self) -> list[str]:
        """As a list: those without a number, then the others by theirs."""
        return [*self.plain, *(self.keyed[key] for key in sorted(self.keyed, key=int))]


def parsed_form(form: FormReader, model: type[Model]) -> Model:
    """The form's fields but the file as the model. Called in a thread: they may be megabytes.

    A list is sent as `name`, `name[]`, or `name[0]`, `name[1]`; an object as `name[key]`, or as JSON in
    `name`, which the model reads. Empty text counts as a field left out, as browsers send it.

    Raises:
        InvalidRequestError: naming the field.
    """
    described = _described(model)
    given: dict[str, _Given] = {}
    for place in form.fields:
        name, key = _parts(place.name, described)
        _refuse_long(name, place.size, described[name])
        value = form.value(place)
        if value == "":
            continue
        found = given.setdefault(name, _Given())
        if key is None or key == "":
            found.plain.append(value)
        elif key in found.keyed:
            raise InvalidRequestError(f"{place.name} is given twice. Give it once.", param=name)
        else:
            found.keyed[key] = value
    fields = {name: _value(name, found, described[name]) for name, found in given.items()}
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid_request(error.errors()) from None


def _described(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields by the names under which they are sent."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _parts(sent: str, known: Mapping[str, FieldInfo]) -> tuple[str, str | None]:
    """The field that a name means, and what stands in its brackets; None if it has none."""
    match = _NAME.fullmatch(sent)
    described = None if match is None else known.get(match[1])
    if sent == FILE:
        raise InvalidRequestError(
            "file came as text. Send it as a file, as curl -F file=@talk.mp3 does.", param=FILE
        )
    if match is None or described is None:
        raise _unknown(sent, known)
    name, key = match[1], match[2]
    if key is None or _is_object(described):
        return name, key
    if _is_list(described) and (key == "" or _INDEX.fullmatch(key)):
        return name, key if key == "" else str(int(key))
    raise _unknown(sent, known)


def _unknown(sent: str, known: Iterable[str]) -> InvalidRequestError:
    names = ", ".join([FILE, *sorted(known)])
    return InvalidRequestError(f"{quoted(sent)} is not a known field. Known: {names}.", param=shortened(sent))


def _refuse_long(name: str, size: int, described: FieldInfo) -> None:
    most = max(_longest(described), default=_MOST_CHARACTERS)
    if size > most * _BYTES_PER_CHARACTER:
        raise InvalidRequestError(
            f"{name} has {size} bytes, and at most {most} characters are accepted.", param=name
        )


def _longest(described: FieldInfo) -> Iterable[int]:
    """Bounds of the texts in a field, in characters."""
    if not _is_list(described):
        yield from _bounds(described.metadata)
        return
    for entry in (entry for kind in _kinds(described.annotation) for entry in get_args(kind)):
        if get_origin(entry) is Annotated:
            yield from _bounds(part for info in get_args(entry)[1:] for part in _metadata(info))


def _metadata(info: Any) -> Iterable[Any]:
    return info.metadata if isinstance(info, FieldInfo) else [info]


def _bounds(metadata: Iterable[Any]) -> Iterable[int]:
    return (part.max_length for part in metadata if isinstance(part, MaxLen))


def _value(name: str, given: _Given, described: FieldInfo) -> Any:
    if _is_list(described):
        return given.entries()
    if given.keyed and given.plain:
        raise InvalidRequestError(
            f"{name} is given as a text and as an object. Give one of them.", param=name
        )
    if given.keyed:
        return given.keyed
    if len(given.plain) > 1:
        raise InvalidRequestError(f"{name} is given {len(given.plain)} times. Give it once.", param=name)
    return given.plain[0]


def _kinds(annotation: Any) -> list[Any]:
    """The annotation without its validators, or what a union is of."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return [kind for entry in get_args(annotation) for kind in _kinds(entry)]
    return [annotation]


def _is_list(described: FieldInfo) -> bool:
    return any(get_origin(kind) is list for kind in _kinds(described.annotation))


def _is_object(described: FieldInfo) -> bool:
    return any(
        isinstance(kind, type) and issubclass(kind, BaseModel) for kind in _kinds(described.annotation)
    )
