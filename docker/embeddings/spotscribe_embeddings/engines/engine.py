"""What the service needs of an engine."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spotscribe_common.work.engine import ServedEngine
from spotscribe_embeddings.engines.tokens import TextTokenizer

# One vector a row.
Matrix = NDArray[np.float32]


class Engine(ServedEngine, Protocol):
    """Makes vectors of texts. All but the tokenizer is called in the models' thread."""

    @property
    def tokenizer(self) -> TextTokenizer:
        """Reads texts as the model's tokens. Threads may share it. Loaded with the model."""

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""

    def can_shorten_to(self, dimensions: int) -> bool:
        """Whether the first `dimensions` numbers of a vector are a good vector themselves.

        That is so for models of matryoshka representation learning (Kusupati et al., 2022) only.
        """

    def embed(self, batch: Sequence[Sequence[int]], prompt_tokens: int) -> Matrix:
        """One vector for each list of token ids. The caller normalizes them.

        Args:
            batch: token ids, special tokens included. Lists of similar length waste least.
            prompt_tokens: tokens at the beginning of each list that belong to the instruction.
        """
