"""What the service knows of languages beside their names."""

# Written without spaces: each character counts as a word, as in whisperX.
_WITHOUT_SPACES = frozenset({"ja", "zh"})


def written_without_spaces(language: str) -> bool:
    """Whether words of this language (ISO 639-1) stand side by side."""
    return language in _WITHOUT_SPACES


def joined(texts: list[str], language: str) -> str:
    """Words or sentences of this language as one text."""
    return ("" if written_without_spaces(language) else " ").join(texts)
