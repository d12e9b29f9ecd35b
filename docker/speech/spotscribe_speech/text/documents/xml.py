"""Reads XML from strangers: no entities of their own, nothing from elsewhere, and bounded depth."""

from io import BytesIO, StringIO
from typing import Any
from xml.parsers.expat import XML_PARAM_ENTITY_PARSING_NEVER, XMLParserType
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import InputSource

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import shortened
from spotscribe_speech.text.limits import MOST_DEPTH

# All of it: before Expat 2.6 a long comment is read again with each piece that is fed.
_MOST_AT_ONCE = 64 << 20


class Reader(ContentHandler):
    """What is told of each element, by its name without a prefix, and of the text between.

    Attributes:
        name: what is read, for messages, such as "The SSML".
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self._depth = 0
        self._locator: Any = None

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802 - named by xml.sax
        """Keeps what knows the line."""
        self._locator = locator

    @property
    def line(self) -> int:
        """Number of the line that is read, from 1."""
        return int(self._locator.getLineNumber() or 1)

    def fault(self, complaint: str) -> InvalidRequestError:
        """An error at this line."""
        return InvalidRequestError(f"{self.name}, line {self.line}: {complaint}.")

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        """Counts the depth."""
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise self.fault(f"elements are nested more than {MOST_DEPTH} deep. Flatten them")
        self.opened(name.rpartition(":")[2].lower(), dict(attrs.items()))

    def endElement(self, name: str) -> None:  # noqa: N802
        """Counts the depth."""
        self._depth -= 1
        self.closed(name.rpartition(":")[2].lower())

    def characters(self, content: str) -> None:
        """Passes on."""
        self.text(content)

    def skippedEntity(self, name: str) -> None:  # noqa: N802
        """An entity that XML does not define, such as `&nbsp;`."""
        raise self.fault(f"the entity &{shortened(name)}; is not defined. Write the character itself")

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def closed(self, name: str) -> None:
        """An element ends."""

    def text(self, content: str) -> None:
        """Text, in pieces of any length."""


class _LenientParser(DefusedExpatParser):
    """Accepts a DOCTYPE that defines nothing."""

    _parser: XMLParserType

    def reset(self) -> None:
        super().reset()
        # The definition that a DOCTYPE names is never loaded, and entities of HTML are skipped, not an error.
        self._parser.SetParamEntityParsing(XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser.UseForeignDTD(True)  # noqa: FBT003 - takes no names


def read_xml(content: bytes | str, reader: Reader, *, allow_doctype: bool = False) -> None:
    """Reads a document.

    Args:
        content: a text, or bytes in the encoding that they name.
        reader: is told what there is.
        allow_doctype: whether `<!DOCTYPE html>` is accepted. Entities are in no case.

    Raises:
        InvalidRequestError: it is not well-formed, or has what is not accepted.
    """
    make = _LenientParser if allow_doctype else DefusedExpatParser
    parser = make(
        bufsize=_MOST_AT_ONCE, forbid_dtd=not allow_doctype, forbid_entities=True, forbid_external=True
    )
    parser.setContentHandler(reader)
    source = InputSource()
    if isinstance(content, str):
        source.setCharacterStream(StringIO(content))
    else:
        source.setByteStream(BytesIO(content))
    try:
        parser.parse(source)
    except SAXParseException as error:
        line = error.getLineNumber()
        raise InvalidRequestError(
            f"{reader.name}, line {line}: it is not well-formed XML ({error.getMessage()})."
        ) from None
    except DefusedXmlException:
        raise reader.fault(
            "a DOCTYPE, an entity or a file from elsewhere is not accepted. Remove it"
        ) from None
    except (LookupError, ValueError) as error:
        raise InvalidRequestError(f"{reader.name} cannot be read: {str(error)[:150]}.") from None
