"""What an EPUB says of itself: its title, its files, and their order."""

from dataclasses import dataclass, field

from spotscribe_common.errors import InvalidRequestError
from spotscribe_speech.text.documents.archive import Archive, resolved
from spotscribe_speech.text.documents.xml import Reader, read_xml

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_TEXTS = {"application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document"}


@dataclass(slots=True)
class Item:
    """A file that the package names."""

    path: str
    media_type: str
    properties: str


@dataclass(slots=True)
class Package:
    """The package document.

    Attributes:
        path: its own.
        items: by id.
        spine: ids in the order of reading.
        aside: how many files are not part of it.
        toc: id of the old table of contents.
        title: of the book.
        author: the first one.
    """

    path: str
    items: dict[str, Item] = field(default_factory=dict)
    spine: list[str] = field(default_factory=list)
    aside: int = 0
    toc: str | None = None
    title: str | None = None
    author: str | None = None

    @property
    def texts(self) -> list[Item]:
        """The files to read, each once."""
        items = {id_: self.items[id_] for id_ in self.spine if id_ in self.items}
        by_path = {item.path: item for item in items.values() if item.media_type in _TEXTS}
        return list(by_path.values())


def read_package(archive: Archive) -> Package:
    """The package of an EPUB.

    Raises:
        InvalidRequestError: it has none, or one that is damaged.
    """
    if _CONTAINER not in archive:
        raise InvalidRequestError(f"The zip archive is no EPUB: it has no {_CONTAINER}.")
    container = _Container()
    read_xml(archive.read(_CONTAINER), container)
    path = resolved("", container.path)[0] if container.path else ""
    if path not in archive:
        raise InvalidRequestError(f"{_CONTAINER} in the EPUB names no package document that is in it.")
    reader = _PackageReader(path)
    read_xml(archive.read(path), reader, allow_doctype=True)
    return reader.package


def encrypted_paths(archive: Archive) -> set[str]:
    """Files that only a reader with a key can read. Fonts may be among them."""
    if _ENCRYPTION not in archive:
        return set()
    reader = _Encryption()
    read_xml(archive.read(_ENCRYPTION), reader)
    return reader.paths


class _Container(Reader):
    def __init__(self) -> None:
        super().__init__(f"{_CONTAINER} in the EPUB")
        self.path = ""

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "rootfile" and not self.path:
            self.path = attributes.get("full-path", "")


class _Encryption(Reader):
    def __init__(self) -> None:
        super().__init__(f"{_ENCRYPTION} in the EPUB")
        self.paths: set[str] = set()

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "cipherreference":
            self.paths.add(resolved("", attributes.get("URI", ""))[0])


class _PackageReader(Reader):
    def __init__(self, path: str) -> None:
        super().__init__("The package document of the EPUB")
        self.package = Package(path)
        self._said: list[str] = []

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        self._said.clear()
        if name == "item" and attributes.get("href") and attributes.get("id"):
            path = resolved(self.package.path, attributes["href"])[0]
            item = Item(path, attributes.get("media-type", ""), attributes.get("properties", ""))
            self.package.items[attributes["id"]] = item
        elif name == "spine":
            self.package.toc = attributes.get("toc")
        elif name == "itemref":
            if attributes.get("linear") == "no":
                self.package.aside += 1
            else:
                self.package.spine.append(attributes.get("idref", ""))

    def text(self, content: str) -> None:
        self._said.append(content)

    def closed(self, name: str) -> None:
        said = " ".join("".join(self._said).split())
        self._said.clear()
        if name == "title":
            self.package.title = self.package.title or said or None
        elif name == "creator":
            self.package.author = self.package.author or said or None
