"""Which words end a sentence, by their punctuation."""

_MARKS = (".", "?", "!", "…", "。", "？", "！", "؟", "۔", "।")  # noqa: RUF001 - other scripts
_CLOSING = "\"'”’»)]）」』"  # noqa: RUF001
# They end with a point, and no sentence ends with them.
_TITLES = frozenset({"mr.", "mrs.", "ms.", "dr.", "prof.", "st.", "hr.", "fr.", "sr.", "sra.", "mme.", "vs."})


def ends_sentence(word: str) -> bool:
    """Whether the word ends with a mark that ends a sentence; titles and initials do not."""
    bare = word.rstrip().rstrip(_CLOSING)
    # One letter and a point is an initial.
    initial = len(bare) == 2 and bare[0].isupper() and bare[1] == "."
    return bare.endswith(_MARKS) and bare.lower() not in _TITLES and not initial
