"""Finds texts that repeat themselves, as a decoder does when it loops."""

from collections.abc import Sequence

# More than this of OpenAI's ratio (whisper, transcribe.py) is a loop.
_MOST_COMPRESSED = 2.4
# Times that people say the same words in a row: one word, and a phrase of so many words at most.
_MOST_WORDS, _MOST_PHRASES = 6, 3
_LONGEST_PHRASE = 12


def repeats_itself(text: str, compression_ratio: float) -> bool:
    """Whether the text is a loop: it compresses too well, or says the same words too often in a row."""
    if compression_ratio > _MOST_COMPRESSED:
        return True
    words = plain_words(text)
    return any(
        _longest_run(words, length) > (_MOST_WORDS if length == 1 else _MOST_PHRASES)
        for length in range(1, _LONGEST_PHRASE + 1)
    )


def without_loop(text: str) -> str:
    """The text without what it says again and again at its end; as it is if it does not.

    The phrase itself stays once. The last repetition may be cut off.
    """
    words = text.split()
    plain = [_plain(word) for word in words]
    for length in range(1, _LONGEST_PHRASE + 1):
        run = 0
        while run < len(plain) - length and plain[-1 - run] == plain[-1 - run - length]:
            run += 1
        if run >= length * (_MOST_WORDS if length == 1 else _MOST_PHRASES):
            return " ".join(words[: len(words) - run])
    return text


def plain_words(text: str) -> list[str]:
    """The words in lower case, without punctuation."""
    return [plain for word in text.split() if (plain := _plain(word))]


def without_overlap(before: Sequence[str], added: Sequence[str], after: Sequence[str]) -> range:
    """The added words that their neighbors do not say already, as a range of their positions.

    Args:
        before: plain words before the added ones.
        added: plain words of a piece whose ends may reach into its neighbors.
        after: plain words after them.
    """
    first, last = 0, len(added)
    for length in range(1, min(len(added), len(before)) + 1):
        if list(added[:length]) == list(before[-length:]):
            first = length
    for length in range(1, min(len(added) - first, len(after)) + 1):
        if list(added[-length:]) == list(after[:length]):
            last = len(added) - length
    return range(first, max(first, last))


def _plain(word: str) -> str:
    return "".join(filter(str.isalnum, word.lower()))


def _longest_run(words: Sequence[str], length: int) -> int:
    """How often in a row one phrase of this length is said, at most."""
    longest, run = 1, 0
    for at in range(length, len(words)):
        run = run + 1 if words[at] == words[at - length] else 0
        longest = max(longest, run // length + 1)
    return longest if words else 0
