"""EPUB 2 and 3: https://www.w3.org/TR/epub-33/."""

from typing import BinaryIO

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import quoted
from spotscribe_speech.text.documents import package as packages
from spotscribe_speech.text.documents.archive import Archive
from spotscribe_speech.text.documents.blocks import Document, Kind, Part
from spotscribe_speech.text.documents.contents import read_contents
from spotscribe_speech.text.documents.xhtml import Xhtml
from spotscribe_speech.text.documents.xml import read_xml


def read_epub(file: BinaryIO) -> Document:
    """A book. Its table of contents tells the chapters; without one, each file is a chapter.

    Raises:
        InvalidRequestError: it is damaged, protected, or no EPUB.
        UploadTooLargeError: it is too large, or unpacks to too much.
    """
    archive = Archive(file)
    package = packages.read_package(archive)
    document = Document(title=package.title, author=package.author)
    contents = read_contents(archive, package)
    encrypted = packages.encrypted_paths(archive)
    missing = 0
    for item in package.texts:
        if item.path in encrypted:
            raise InvalidRequestError(
                f"The file {quoted(item.path)} in the EPUB is encrypted. Give one without copy protection."
            )
        if item.path not in archive:
            missing += 1
            continue
        if not contents:
            document.begin(None)
        reader = Xhtml(item.path, document, contents.get(item.path, []))
        read_xml(archive.read(item.path), reader, allow_doctype=True)
    _name(document.parts)
    document.left_out["a file that the EPUB names and does not have"] += missing + len(
        [id_ for id_ in package.spine if id_ not in package.items]
    )
    document.left_out["a file that is not part of the book's order"] += package.aside
    return document


def _name(parts: list[Part]) -> None:
    """Names the chapters without a title by their first heading."""
    for part in parts:
        first = part.blocks[0] if part.blocks else None
        if part.title is None and first is not None and first.kind is Kind.HEADING:
            part.title = first.text.strip()
