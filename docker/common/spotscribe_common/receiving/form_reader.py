"""Takes a multipart form apart as it comes: its file to the disk, its fields to a file that they share."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from spotscribe_common.errors import InvalidRequestError, UnsupportedMediaError
from spotscribe_common.quoting import quoted, shortened

# What clients write fields in. Python knows codecs that take a minute for a megabyte, such as punycode.
_CHARSETS = ("utf-8", "us-ascii")
_MOST_FIELDS = 128
_MOST_NAME_BYTES = 200
# Boundaries and headers of parts, and what stands before and after them.
_MOST_ENVELOPE_BYTES = 256 << 10
# Of a form's fields, this much lies in memory; the rest waits on the disk until the form has its turn.
_FIELDS_IN_MEMORY = 64 << 10
_CUT_OFF = "The form is cut off: its closing boundary is missing. Send it again."
FILE = "file"


class FieldPlace(NamedTuple):
    """Where a field's value lies in the file of all fields."""

    name: str
    start: int
    size: int


@dataclass
class _Part:
    """The part that is being read."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    is_file: bool = False
    start: int = 0
    header: bytes = b""
    value: bytes = b""


class FormReader:
    """Memory: flat, whatever is sent. Everything on the disk is without a name, and gone with `close`.

    Args:
        content_type: the request's.
        text: largest size in bytes of all fields together.
        scratch: directory for the files.

    Raises:
        InvalidRequestError: the content type has no boundary that can be used.
        UnsupportedMediaError: the fields are not in UTF-8.
    """

    def __init__(self, content_type: str, *, text: int, scratch: Path) -> None:
        self._parser = MultipartParser(
            _boundary(content_type),
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._take_header,
                "on_header_value": self._take_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._take_data,
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )
        self._most_text = text
        self._scratch = scratch
        self._open = ExitStack()
        self._values = self._open.enter_context(
            tempfile.SpooledTemporaryFile(  # noqa: SIM115 - closed by `close`
                max_size=_FIELDS_IN_MEMORY, dir=str(scratch)
            )
        )
        self._part = _Part()
        self._ended = False
        self._fed = self._file_bytes = self._text_bytes = 0
        self.fields: list[FieldPlace] = []
        self.file: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the disk space back."""
        self._open.close()

    def feed(self, chunk: bytes) -> None:
        """Takes the next piece of the body. Blocks while it is written.

        Raises:
            InvalidRequestError: the form is malformed, or has more than it may.
            OSError: the disk does not take it.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise InvalidRequestError(f"The form cannot be read: {shortened(str(error))}.") from None
        self._fed += len(chunk)
        if self._fed - self._file_bytes - self._text_bytes > _MOST_ENVELOPE_BYTES:
            raise InvalidRequestError(
                f"The form has more than {_MOST_ENVELOPE_BYTES} bytes outside of its parts."
            )

    def finish(self) -> None:
        """Takes note that the body has ended.

        Raises:
            InvalidRequestError: the form has not.
            OSError: the disk does not take what was still in memory.
        """
        if not self._ended:
            raise InvalidRequestError(_CUT_OFF)
        if self.file is not None:
            self.file.flush()

    def value(self, place: FieldPlace) -> str:
        """A field's text.

        Raises:
            InvalidRequestError: it is not UTF-8.
        """
        self._values.seek(place.start)
        try:
            return self._values.read(place.size).decode()
        except UnicodeDecodeError:
            raise InvalidRequestError(
                f"{place.name} is not UTF-8. Send all fields in UTF-8.", param=place.name
            ) from None

    def _begin_part(self) -> None:
        self._part = _Part()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _end_header(self) -> None:
        part = self._part
        part.headers[part.header.lower()] = part.value
        part.header = part.value = b""

    def _end_headers(self) -> None:
        part = self._part
        _, options = parse_options_header(part.headers.get(b"content-disposition"))
        if b"name" not in options:
            raise InvalidRequestError("A part of the form has no name in its Content-Disposition.")
        part.name = _field_name(options[b"name"])
        part.is_file = b"filename" in options
        if part.is_file:
            self._begin_file(part.name)
        elif len(self.fields) >= _MOST_FIELDS:
            raise InvalidRequestError(
                f"{quoted(part.name)}: the form has more than {_MOST_FIELDS} fields.",
                param=shortened(part.name),
            )
        part.start = self._text_bytes

    def _begin_file(self, name: str) -> None:
        if name != FILE:
            raise InvalidRequestError(f"A file came as {quoted(name)}. Send one file, as 'file'.", param=FILE)
        if self.file is not None:
            raise InvalidRequestError("The form has two files. Send one.", param=FILE)
        file = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115 - closed by `close`
        self.file = self._open.enter_context(file)

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file and self.file is not None:
            self._file_bytes += end - start
            self.file.write(data[start:end])
            return
        self._text_bytes += end - start
        if self._text_bytes > self._most_text:
            raise InvalidRequestError(
                f"{self._part.name}: the fields have more than {self._most_text} bytes together.",
                param=self._part.name,
            )
        self._values.write(data[start:end])

    def _end_part(self) -> None:
        part = self._part
        if not part.is_file:
            self.fields.append(FieldPlace(part.name, part.start, self._text_bytes - part.start))

    def _end(self) -> None:
        self._ended = True


def _boundary(content_type: str) -> bytes:
    _, parameters = parse_options_header(content_type)
    charset = parameters.get(b"charset", b"utf-8").decode("latin-1").lower()
    if charset not in _CHARSETS:
        raise UnsupportedMediaError(
            f"The charset {quoted(charset)} is not accepted. Send the fields in UTF-8."
        )
    boundary = parameters.get(b"boundary", b"")
    # RFC 2046, 5.1.1.
    if not 0 < len(boundary) <= 70:
        raise InvalidRequestError("The content type needs a multipart boundary of 1 to 70 characters.")
    return boundary


def _field_name(name: bytes) -> str:
    try:
        found = name.decode()
    except UnicodeDecodeError:
        raise InvalidRequestError("The name of a field is not UTF-8.") from None
    if len(name) > _MOST_NAME_BYTES:
        raise InvalidRequestError(f"{quoted(found)} is not a known field.", param=shortened(found))
    return found
