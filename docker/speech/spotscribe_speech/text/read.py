"""Reads what a caller sends: the one entrance to this room."""

import io
from typing import BinaryIO

from spotscribe_common.contract.speech import SpokenTextFormat
from spotscribe_common.errors import InvalidRequestError, UnsupportedMediaError
from spotscribe_common.quoting import quoted
from spotscribe_speech.text.building import plan_of
from spotscribe_speech.text.documents.blocks import Document
from spotscribe_speech.text.documents.decoding import decoded
from spotscribe_speech.text.documents.epub import read_epub
from spotscribe_speech.text.documents.markdown import read_markdown
from spotscribe_speech.text.documents.plain import read_plain
from spotscribe_speech.text.documents.ssml import read_ssml
from spotscribe_speech.text.limits import MOST_CHARACTERS, MOST_DOCUMENT_BYTES, MOST_TEXT_BYTES, refuse
from spotscribe_speech.text.plan import Plan

_FORMATS: dict[str, SpokenTextFormat] = {
    "text/plain": "text",
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "application/ssml+xml": "ssml",
    "application/epub+zip": "epub",
}
_UNKNOWN = {"", "application/octet-stream", "binary/octet-stream"}
_READERS = {"text": read_plain, "markdown": read_markdown, "ssml": read_ssml}
_ZIP = b"PK\x03\x04"
# By their first bytes: files that people send in place of a text.
_OTHERS = {
    b"%PDF": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\xd0\xcf\x11\xe0": "a document of Word",
    b"\x1f\x8b": "compressed with gzip",
    b"ID3": "an MP3 file",
    b"RIFF": "a sound or a picture",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
_KNOWN = "a plain text, Markdown, SSML or an EPUB"


def read_text(text: str, *, language: str, ssml: bool = False) -> Plan:
    """The plan of a text in a request.

    Args:
        text: of any kind; nothing in it is trusted.
        language: ISO 639-1 code of its language.
        ssml: whether it is SSML.

    Raises:
        InvalidRequestError: nothing of it can be spoken, or the SSML is wrong.
        UploadTooLargeError: it is too long.
    """
    if len(text) > MOST_CHARACTERS:
        refuse("The text", f"{len(text):,} characters", f"{MOST_CHARACTERS:,}")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return plan_of(read_ssml(text) if ssml else read_plain(text), language)


def read_document(
    file: BinaryIO, *, text_format: SpokenTextFormat | None, media_type: str | None, language: str
) -> Plan:
    """The plan of a document.

    Args:
        file: can be read from any position.
        text_format: what it is; without it, the media type and the content tell.
        media_type: such as "text/plain; charset=utf-8".
        language: ISO 639-1 code of its language.

    Raises:
        InvalidRequestError: it is damaged, or nothing of it can be spoken.
        UnsupportedMediaError: it is no text.
        UploadTooLargeError: it is too large.
    """
    size = file.seek(0, io.SEEK_END)
    if size > MOST_DOCUMENT_BYTES:
        refuse("The document", f"{size:,} bytes", f"{MOST_DOCUMENT_BYTES:,}")
    file.seek(0)
    beginning = file.read(1024)
    kind = text_format or _format_of(beginning, media_type)
    return plan_of(_document(file, kind, size, beginning), language)


def _document(file: BinaryIO, kind: SpokenTextFormat, size: int, beginning: bytes) -> Document:
    if kind == "epub":
        if not beginning.startswith(_ZIP):
            raise InvalidRequestError("The file is no EPUB: it does not begin like a zip archive.")
        return read_epub(file)
    if size > MOST_TEXT_BYTES:
        refuse("The text", f"{size:,} bytes", f"{MOST_TEXT_BYTES:,}")
    _check_is_text(beginning)
    file.seek(0)
    text = decoded(file.read(MOST_TEXT_BYTES))
    if len(text) > MOST_CHARACTERS:
        refuse("The text", f"{len(text):,} characters", f"{MOST_CHARACTERS:,}")
    return _READERS[kind](text)


def _format_of(beginning: bytes, media_type: str | None) -> SpokenTextFormat:
    """What the media type says, or else the content: Markdown looks like plain text."""
    plain_type = (media_type or "").partition(";")[0].strip().lower()
    if plain_type in _FORMATS:
        return _FORMATS[plain_type]
    if plain_type not in _UNKNOWN:
        raise UnsupportedMediaError(
            f"The media type {quoted(plain_type)} is not supported. Send {_KNOWN}: "
            f"{', '.join(_FORMATS)}, or application/octet-stream."
        )
    if beginning.startswith(_ZIP):
        return "epub"
    start = beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return (
        "ssml"
        if start.startswith(b"<speak") or (start.startswith(b"<?xml") and b"<speak" in start)
        else "text"
    )


def _check_is_text(beginning: bytes) -> None:
    if beginning.startswith(_ZIP):
        raise UnsupportedMediaError(f"The file is a zip archive. Send {_KNOWN}.")
    for magic, kind in _OTHERS.items():
        if beginning.startswith(magic):
            raise UnsupportedMediaError(f"The file is {kind}. Send {_KNOWN}.")
    if beginning.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise UnsupportedMediaError(f"The file is an HTML page. Send {_KNOWN}.")
