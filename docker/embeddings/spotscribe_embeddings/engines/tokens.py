"""Texts as the tokens of a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Longer texts are cut before they are read as tokens, which takes a second per million characters. No model
# reads as many.
MOST_CHARACTERS = 200_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as the model reads it.

    Attributes:
        ids: token ids, special tokens included; at most as many as the model reads.
        length: how many there would be without that limit. Of a text that was cut before, at least as many
            as the part that was read has.
        is_cut: whether anything is missing at the end.
    """

    ids: list[int]
    length: int
    is_cut: bool


class TextTokenizer:
    """A tokenizer of the library `tokenizers`, with the model's limit.

    Args:
        tokenizer: a `tokenizers.Tokenizer`. Its own padding and truncation are turned off.
        most_tokens: tokens that the model reads, special tokens included.
    """

    def __init__(self, tokenizer: Any, most_tokens: int) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self.most_tokens = most_tokens
        self.vocabulary: int = tokenizer.get_vocab_size(with_added_tokens=True)
        self._before, self._after = _special_tokens(tokenizer)

    def read(self, texts: Sequence[str], instruction: str = "") -> list[Tokens]:
        """The tokens of each text, behind those of the instruction."""
        cut = [len(text) > MOST_CHARACTERS for text in texts]
        prompted = [instruction + text[:MOST_CHARACTERS] for text in texts]
        encoded = self._tokenizer.encode_batch_fast(prompted)
        return [self._limited(each.ids, is_cut) for each, is_cut in zip(encoded, cut, strict=True)]

    def read_ids(self, ids: Sequence[int], instruction: str = "") -> Tokens:
        """Tokens that a client made itself, with the special tokens around them."""
        prompt = self._tokenizer.encode(instruction, add_special_tokens=False).ids if instruction else []
        whole = [*self._before, *prompt, *ids[:MOST_CHARACTERS], *self._after]
        return self._limited(whole, len(ids) > MOST_CHARACTERS)

    def prompt_tokens(self, instruction: str) -> int:
        """How many tokens at the beginning belong to the instruction, special tokens included."""
        if not instruction:
            return 0
        return len(self._before) + len(self._tokenizer.encode(instruction, add_special_tokens=False).ids)

    def _limited(self, ids: list[int], is_cut: bool) -> Tokens:  # noqa: FBT001
        most, length = self.most_tokens, len(ids)
        if length <= most:
            return Tokens(ids, length, is_cut)
        kept = ids[: most - len(self._after)]
        return Tokens([*kept, *self._after], length, is_cut=True)


def _special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """The ids that the tokenizer adds before and after a text."""
    plain: list[int] = tokenizer.encode("a", add_special_tokens=False).ids
    whole: list[int] = tokenizer.encode("a").ids
    for start in range(len(whole) - len(plain) + 1):
        end = start + len(plain)
        if whole[start:end] == plain:
            return whole[:start], whole[end:]
    return [], []
