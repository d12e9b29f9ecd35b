"""WeText, which reads numbers, dates, times, money and units in Chinese and Japanese.

It needs time by the square of the length, and fails at characters that it does not know: it gets short spans.
It knows English too, but reads "$3.50" as "three point five dollars", "1990s" as seconds, "100 m" as minutes.
"""

import re
from functools import cache, lru_cache
from typing import Any

# What has a number or a sign in Chinese and Japanese, within the marks that end a clause.
_WRITTEN = re.compile(r"[^\s。！？｡、，；：…「」『』（）]{1,50}")
_NEEDS_WORDS = re.compile(r"[0-9０-９%％$＄¥￥€£+=]")


def asian(text: str, language: str) -> str:
    """Chinese or Japanese, with its numbers, dates and units in words."""
    return _WRITTEN.sub(lambda match: _asian_span(match.group(), language), text)


@lru_cache(maxsize=2048)
def _asian_span(span: str, language: str) -> str:
    if not _NEEDS_WORDS.search(span):
        return span
    return _read(span, language) or span


def _read(span: str, language: str) -> str | None:
    try:
        return str(_normalizer(language).normalize(span))
    except (AssertionError, ValueError, RuntimeError):
        # It checks what it reads with assertions.
        return None


@cache
def _normalizer(language: str) -> Any:
    from wetext import Normalizer  # noqa: PLC0415 - takes a second

    return Normalizer(lang=language, operator="tn")
