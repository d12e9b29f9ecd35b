"""A model of texts that waits, fails and forgets when a test says so."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from spotscribe_common.work.device import Device
from spotscribe_embeddings.engines.engine import Matrix
from spotscribe_embeddings.engines.tokens import TextTokenizer

DIMENSIONS = 8
MOST_TOKENS = 16
WORDS = ["[UNK]", "[CLS]", "[SEP]", *(f"w{number}" for number in range(100)), "bad", "big"]


def word_tokenizer() -> Any:
    """One token a word, between [CLS] and [SEP]."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return tokenizer


class ScriptedTexts:
    """A text's vector counts its tokens, modulo the dimensions.

    Attributes:
        go: not set while the model must wait.
        asked: token ids of each batch, and the instruction's tokens.
        most_texts: of a batch; a larger one is out of memory.
        lost: whether the GPU is lost.
    """

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.asked: list[tuple[list[list[int]], int]] = []
        self.most_texts = 1 << 20
        self.lost = False
        self._tokenizer: TextTokenizer | None = None

    name = "scripted"
    model = "counts"
    dimensions = DIMENSIONS

    @property
    def tokenizer(self) -> TextTokenizer:
        assert self._tokenizer is not None
        return self._tokenizer

    def can_shorten_to(self, dimensions: int) -> bool:
        return dimensions in {4, 6}

    def prepare(self) -> None:
        pass

    def load(self) -> None:
        self._tokenizer = TextTokenizer(word_tokenizer(), MOST_TOKENS)

    def device(self) -> Device:
        return Device("cpu")

    def embed(self, batch: Sequence[Sequence[int]], prompt_tokens: int) -> Matrix:
        self.go.wait(60)
        if self.lost:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        big = WORDS.index("big")
        if len(batch) > self.most_texts or any(big in ids for ids in batch):
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        self.asked.append(([list(ids) for ids in batch], prompt_tokens))
        found: Matrix = np.zeros((len(batch), DIMENSIONS), dtype=np.float32)
        for row, ids in enumerate(batch):
            for each in ids:
                found[row, each % DIMENSIONS] += 1
            if WORDS.index("bad") in ids:
                found[row, 0] = np.nan
        return found
