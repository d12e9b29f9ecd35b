"""From the bytes of a file to its text."""

import codecs

from spotscribe_common.errors import InvalidRequestError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(content: bytes) -> str:
    """The text, in UTF-8, or in UTF-16 with a byte order mark.

    Raises:
        InvalidRequestError: it is neither.
    """
    mark, encoding = next((each for each in _MARKS if content.startswith(each[0])), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidRequestError(
            f"The text is not {encoding.upper()}: the byte at position {error.start + len(mark)} is wrong. "
            "Save it as UTF-8."
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
