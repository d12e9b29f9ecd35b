"""How much text is read. Every limit bounds the memory, the disk or the time that one text can take."""

from typing import NoReturn

from spotscribe_common.errors import UploadTooLargeError

# The longest novels have 3 to 4 million characters, and 5 million are about 90 hours of speech.
MOST_CHARACTERS = 5_000_000
# Four bytes for each character, the most of UTF-8 and UTF-16.
MOST_TEXT_BYTES = 4 * MOST_CHARACTERS
# Markdown is parsed as a whole, with up to 700 bytes of memory for each character (measured on "|a\n|-\n").
MOST_MARKDOWN_CHARACTERS = 1_000_000
# Of an EPUB with its pictures and fonts. Only its texts are read.
MOST_DOCUMENT_BYTES = 64 << 20
# Of all files that are read from an EPUB, markup included.
MOST_UNPACKED_BYTES = 32 << 20
# Of one file in it. Programs that write EPUBs split chapters at 300 KB.
MOST_ENTRY_BYTES = 8 << 20
# Of a file larger than a mebibyte. XHTML is packed to a fifth, a table of contents to a fiftieth.
MOST_RATIO = 200
# Of its list of files, which is read whole: at least 46 bytes a file, so at most 22,795 files.
MOST_DIRECTORY_BYTES = 1 << 20
# More than any book has. It bounds the size of a result, which names each.
MOST_CHAPTERS = 5_000
# Elements inside each other, in XML.
MOST_DEPTH = 200
# Of one `break` in SSML: as in other services that speak SSML.
MOST_BREAK_SECONDS = 10.0
# Of all breaks in a text: silence costs storage, and no characters.
MOST_SILENCE_SECONDS = 3600.0
# Breaks in a text: each is a sentence of the plan.
MOST_BREAKS = 20_000
# Characters of a title that are kept.
MOST_TITLE_CHARACTERS = 300


def refuse(what: str, amount: str, limit: str, cure: str = "Split the text") -> NoReturn:
    """Answers 413.

    Args:
        what: has too much, such as "The text".
        amount: what it has, with its unit.
        limit: the most that is accepted.
        cure: what the caller can do.

    Raises:
        UploadTooLargeError: always.
    """
    raise UploadTooLargeError(f"{what} has {amount}, and at most {limit} are accepted. {cure}.")
