"""How well a text can be compressed."""

import zlib


def compression_ratio(text: str) -> float:
    """As in OpenAI's whisper (utils.py): high where a text repeats itself, often without having been said."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))
