"""Rules that replace what is written by what is spoken."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

Spoken = Callable[[re.Match[str]], str | None]
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
# Not within a word or another number.
START = r"(?<![\w.,])"
DASH = r"\s?[-–—−]\s?"


class Rule(NamedTuple):
    """A rule.

    Attributes:
        pattern: of what it replaces. Texts are pieces of a few hundred characters.
        spoken: the words for a match; None to leave it to the next rules.
    """

    pattern: re.Pattern[str]
    spoken: Spoken

    def apply(self, text: str) -> str:
        """The text with every match replaced."""
        return self.pattern.sub(self._replaced, text)

    def _replaced(self, match: re.Match[str]) -> str:
        spoken = self.spoken(match)
        if spoken is None:
            return match.group()
        # Words stay apart from the letters around them, such as in "B2B" and "$5each".
        before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
        gaps = [" " * (one + other).isalnum() for one, other in ((before, spoken[:1]), (spoken[-1:], after))]
        return f"{gaps[0] if before else ''}{spoken}{gaps[1] if after else ''}"


def rules(*rows: tuple[str, Spoken]) -> tuple[Rule, ...]:
    """Rules in the order in which they apply: each leaves to the next what it does not know."""
    return tuple(Rule(re.compile(pattern), spoken) for pattern, spoken in rows)


def one_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def is_last(match: re.Match[str]) -> bool:
    """Whether nothing but closing marks follows, so that a full stop ends the sentence too."""
    return not any(character.isalnum() for character in match.string[match.end() :])


def minus(match: re.Match[str]) -> str:
    """The word "minus" and a space, if a sign precedes the number."""
    return "minus " if match.group()[0] in "-−" else ""
