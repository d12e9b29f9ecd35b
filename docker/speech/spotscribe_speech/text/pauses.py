"""Seconds of silence after what is spoken.

People who read aloud pause for 0.3 to 0.6 s between sentences and for up to a second between paragraphs, and
audiobooks for 2 to 3 s between chapters. Voices add nothing: the silence at their ends is removed.
"""

from spotscribe_speech.text.documents.blocks import Kind

# A sentence that was only split because it is long: as at a comma, or barely audible at a space.
COMMA = 0.15
SPACE = 0.05
SEMICOLON = 0.25
SENTENCE = 0.35
# A listener is left time to answer.
QUESTION = 0.45
ELLIPSIS = 0.5
PARAGRAPH = 0.8
# Of a section, and of the row of stars between scenes.
HEADING = 1.0
SCENE = 1.5
CHAPTER_TITLE = 1.5
CHAPTER = 2.5
# After the last word: some players cut the last tenth of a second.
END = 0.2

_OF_KIND = {Kind.TITLE: CHAPTER_TITLE, Kind.HEADING: HEADING, Kind.PARAGRAPH: PARAGRAPH}
_OF_MARK = {
    **dict.fromkeys(".!。！｡।॥۔։", SENTENCE),
    **dict.fromkeys("?؟？՞", QUESTION),
    **dict.fromkeys(";:；：—–", SEMICOLON),
    **dict.fromkeys(",،、，", COMMA),
    "…": ELLIPSIS,
}
_CLOSING = " \t\n\"'”’»›)]}」』】）*_"


def after_piece(text: str) -> float:
    """After a sentence within a paragraph, or a piece of it, by its last character."""
    end = text[-200:].rstrip(_CLOSING)
    if end.endswith("..."):
        return ELLIPSIS
    return _OF_MARK.get(end[-1:], SPACE)


def after_block(kind: Kind, text: str) -> float:
    """After the last sentence of a block."""
    return _OF_KIND.get(kind) or after_piece(text)
