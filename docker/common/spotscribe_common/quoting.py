"""Shortens and escapes what a caller sent, so that an error message can contain it."""

# Characters of a caller's text that a message shows.
MOST_QUOTED = 100


def quoted(text: str, most: int = MOST_QUOTED) -> str:
    """The text in quotes: cut to `most` characters, everything unprintable escaped.

    Half of a surrogate pair cannot be encoded, and a line break can forge a line of a log.
    """
    more = f" ({len(text)} characters)" if len(text) > most else ""
    return f"'{shortened(text, most)}'{more}"


def shortened(text: str, most: int = MOST_QUOTED) -> str:
    """The same without quotes, such as for the name of a field."""
    shown = "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text[:most]
    )
    return f"{shown[:most]}…" if len(text) > most or len(shown) > most else shown
