"""What an EPUB says of itself: its files in order, and the titles of its chapters."""

from dataclasses import dataclass, field

from spotscribe_common.errors import InvalidRequestError
from spotscribe_speech.text.documents.archive import Archive, resolved
from spotscribe_speech.text.documents.xml import Reader, read_xml
from spotscribe_speech.text.limits import MOST_CHAPTERS, refuse

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_TEXTS = {"application/xhtml+xml", "text/html", "application/xml", "text/x-oeb1-document"}
# Entries inside entries of the contents: parts, and their chapters. Deeper ones are sections.
_MOST_LEVEL = 2


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


def read_contents(archive: Archive, package: Package) -> dict[str, list[tuple[str, str]]]:
    """For each file with chapters: fragments (empty for its beginning) and titles, in order."""
    item = next((item for item in package.items.values() if "nav" in item.properties.split()), None)
    item = item or package.items.get(package.toc or "")
    if item is None or item.path not in archive:
        return {}
    is_nav = "nav" in item.properties.split()
    reader: _Contents = _Nav(item.path) if is_nav else _Ncx(item.path)
    read_xml(archive.read(item.path), reader, allow_doctype=True)
    return reader.chapters


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


class _Contents(Reader):
    """A table of contents: the places of the chapters, by file."""

    def __init__(self, path: str) -> None:
        super().__init__("The table of contents of the EPUB")
        self.chapters: dict[str, list[tuple[str, str]]] = {}
        self._path = path
        self._places: set[tuple[str, str]] = set()
        self._level = 0
        self._said: list[str] = []

    def text(self, content: str) -> None:
        self._said.append(content)

    def _add(self, reference: str, said: str) -> None:
        title = " ".join(said.split())
        if not reference or not title or self._level > _MOST_LEVEL:
            return
        place = resolved(self._path, reference)
        if place in self._places:
            return
        if len(self._places) >= MOST_CHAPTERS:
            refuse(
                "The EPUB", f"more than {MOST_CHAPTERS:,} chapters", f"{MOST_CHAPTERS:,}", "Split the book"
            )
        self._places.add(place)
        self.chapters.setdefault(place[0], []).append((place[1], title))


class _Nav(_Contents):
    """The contents of EPUB 3: lists of links in `<nav epub:type="toc">`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._is_toc = False
        self._link: str | None = None

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "nav":
            self._is_toc = "toc" in attributes.get("epub:type", "toc").split()
        elif name == "ol":
            self._level += 1
        elif name == "a" and self._is_toc:
            self._link = attributes.get("href")
            self._said.clear()

    def closed(self, name: str) -> None:
        if name == "ol":
            self._level -= 1
        elif name == "nav":
            self._is_toc = False
        elif name == "a" and self._link is not None:
            self._add(self._link, "".join(self._said))
            self._link = None
            self._said.clear()


class _Ncx(_Contents):
    """The contents of EPUB 2: `<navPoint>`, each with a label and a place."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._label = ""

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if name == "navpoint":
            self._level += 1
        elif name == "navlabel":
            self._said.clear()
        elif name == "content" and self._level:
            self._add(attributes.get("src", ""), self._label)

    def closed(self, name: str) -> None:
        if name == "navpoint":
            self._level -= 1
        elif name == "navlabel":
            self._label = "".join(self._said)
