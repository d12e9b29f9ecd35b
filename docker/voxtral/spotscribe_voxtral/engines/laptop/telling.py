"""Which of many sentences tell most, by how often their words come."""

from collections import Counter
from collections.abc import Sequence

from spotscribe_voxtral.engines.laptop import english

# Luhn's own figures: between two telling words of a cluster stand at most four others.
_GAP = 4
# A plural has more letters than this.
_PLURAL_LETTERS = 4
_MARKS = ".,;:!?\"'"


def most_telling(stretches: Sequence[str], most_words: int) -> list[str]:
    """The stretches that tell most, in their order, and at least one if there are any.

    H. P. Luhn, "The automatic creation of literature abstracts", IBM Journal of Research and Development
    2(2), 1958: a sentence is worth the square of the telling words of its best cluster, divided by all words
    of that. Telling are the content words that are said more than once; all of them, if none is.
    """
    counts = Counter(word for stretch in stretches for word in content_words(stretch))
    telling = {word for word, count in counts.items() if count > 1} or set(counts)
    ranked = sorted(range(len(stretches)), key=lambda at: -_worth(stretches[at], telling))
    chosen: list[int] = []
    words = 0
    for at in ranked:
        words += len(stretches[at].split())
        if chosen and words > most_words:
            break
        chosen.append(at)
    return [stretches[at] for at in sorted(chosen)]


def content_words(stretch: str) -> list[str]:
    """The roots of the words that carry a topic."""
    words = map(bare, stretch.split())
    return [root(word) for word in words if len(word) > 2 and word not in english.FUNCTION_WORDS]


def bare(word: str) -> str:
    """A word in lower case, without marks around it."""
    return word.lower().strip(_MARKS)


def root(word: str) -> str:
    """A word as it is counted: of English endings, only the plural's is taken off."""
    word = bare(word)
    return word[:-1] if len(word) > _PLURAL_LETTERS and word.endswith("s") and word[-2] != "s" else word


def _worth(stretch: str, telling: set[str]) -> float:
    places = [at for at, word in enumerate(stretch.split()) if root(word) in telling]
    best = 0.0
    first = 0
    for last in range(len(places)):
        if last and places[last] - places[last - 1] > _GAP + 1:
            first = last
        best = max(best, (last - first + 1) ** 2 / (places[last] - places[first] + 1))
    return best
