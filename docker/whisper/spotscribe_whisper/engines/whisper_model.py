"""What a loaded Whisper model can do. Its directory's name says nothing: its user has chosen that."""

from collections.abc import Mapping
from typing import Any

from spotscribe_whisper.engines.engine import Ability

ABILITIES: frozenset[Ability] = frozenset({"translate", "prompt", "hotwords", "temperature"})


def languages_of(model: Any, named: Mapping[str, str]) -> dict[str, str]:
    """Code to name of the languages that the model transcribes.

    Args:
        model: a `faster_whisper.WhisperModel`.
        named: code to name of all languages of Whisper.
    """
    if not model.model.is_multilingual:
        return {"en": named["en"]}
    tokens = model.hf_tokenizer
    # Not each model has them all: Cantonese came with large-v3.
    return {code: name for code, name in named.items() if tokens.token_to_id(f"<|{code}|>") is not None}


def abilities_of(model: Any) -> frozenset[Ability]:
    """What the model does beside transcribing: an English one does not translate."""
    return ABILITIES if model.model.is_multilingual else ABILITIES - {"translate"}


def tokens_of(model: Any, text: str) -> list[int]:
    """The model's numbers for a text, without special ones."""
    numbers: list[int] = model.hf_tokenizer.encode(text, add_special_tokens=False).ids
    return numbers
