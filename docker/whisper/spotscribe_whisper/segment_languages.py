"""Transcripts in several languages: which one has the most speech, and where spaces are written."""

from collections import Counter
from collections.abc import Sequence

from spotscribe_audio.language.languages import written_without_spaces
from spotscribe_common.contract import Segment


def main_language(segments: Sequence[Segment], otherwise: str) -> str:
    """ISO 639-1 code of the language with the most speech; of equal ones, the first.

    Args:
        segments: of a transcript.
        otherwise: the language if no segment has one.
    """
    seconds: Counter[str] = Counter()
    for segment in segments:
        if segment.language is not None:
            # Whole milliseconds: sums of fractions depend on the order.
            seconds[segment.language] += round((segment.end - segment.start) * 1000)
    return max(seconds, key=seconds.__getitem__, default=otherwise)


def languages_of(segments: Sequence[Segment], main: str) -> list[str]:
    """ISO 639-1 codes of all languages, the main one first."""
    return list(dict.fromkeys([main, *(each.language for each in segments if each.language is not None)]))


def with_languages(segments: Sequence[Segment], main: str) -> list[Segment]:
    """The segments with their languages if there are several, and otherwise without."""
    if len(languages_of(segments, main)) > 1:
        return list(segments)
    return [segment.model_copy(update={"language": None}) for segment in segments]


def space_between(before: str | None, after: str) -> str:
    """What separates texts of two languages: nothing if neither has spaces. Twin of `spaceBetween`.

    Args:
        before: ISO 639-1 code; None at the beginning of a text.
        after: ISO 639-1 code.
    """
    is_solid = written_without_spaces(after) and (before is None or written_without_spaces(before))
    return "" if is_solid else " "


def spaces_before(segments: Sequence[Segment], main: str) -> list[str]:
    """What precedes each segment where texts are concatenated; the first one, as its language has it."""
    codes = [segment.language or main for segment in segments]
    return [space_between(before, after) for before, after in zip([None, *codes], codes, strict=False)]


def text_of(segments: Sequence[Segment], main: str) -> str:
    """The text of all segments."""
    spaces = ["", *spaces_before(segments, main)[1:]]
    return "".join(f"{space}{segment.text}" for space, segment in zip(spaces, segments, strict=False))
