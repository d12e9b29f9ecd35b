"""The table of contents of an EPUB: where its chapters begin, and their titles."""

from spotscribe_speech.text.documents.archive import Archive, resolved
from spotscribe_speech.text.documents.package import Package
from spotscribe_speech.text.documents.xml import Reader, read_xml
from spotscribe_speech.text.limits import MOST_CHAPTERS, refuse

# Entries inside entries of the contents: parts, and their chapters. Deeper ones are sections.
_MOST_LEVEL = 2


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
