"""Any model of sentence-transformers, by the name of its folder."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.process.offline import go_offline
from spotscribe_common.work.device import Device
from spotscribe_embeddings.engines.engine import Matrix
from spotscribe_embeddings.engines.model_files import check_sentence_model, config_of
from spotscribe_embeddings.engines.tokens import TextTokenizer

Precision = Literal["auto", "float32", "float16"]
# T5 was trained in bfloat16: its activations exceed 65,504, the largest number of float16.
# https://github.com/huggingface/transformers/issues/9295
_NEEDS_FLOAT32 = ("t5", "mt5", "umt5", "longt5")
# Without a limit of its own, a model reads as many tokens as its positions allow, and no more than this.
_MOST_TOKENS = 8192


def precision_of(chosen: Precision, model_type: str, device: str) -> Literal["float32", "float16"]:
    """The precision of the weights.

    A T4 computes in float16 or float32; it has no bfloat16. A processor is fastest in float32.
    """
    if chosen != "auto":
        return chosen
    return "float32" if device == "cpu" or model_type in _NEEDS_FLOAT32 else "float16"


class SentenceTransformersEngine:
    """Runs the model on a GPU if there is one.

    Args:
        models: folder with the models' folders.
        model: name of the model's folder.
        precision: of the weights; `auto` decides by model and device.
    """

    def __init__(self, models: Path, model: str, *, precision: Precision = "auto") -> None:
        self._folder = models / model
        self._model_name = model
        self._chosen = precision
        self._model: Any = None
        self._config: dict[str, Any] = {}
        self._tokenizer: TextTokenizer | None = None
        self._dimensions = 0
        self._padding = 0

    @property
    def name(self) -> str:
        """Which engine it is."""
        return "sentence-transformers"

    @property
    def model(self) -> str:
        """Which model it has."""
        return self._model_name

    @property
    def tokenizer(self) -> TextTokenizer:
        """Reads texts as the model's tokens."""
        if self._tokenizer is None:
            raise ModelMissingError("The model is not loaded.")
        return self._tokenizer

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return self._dimensions

    def can_shorten_to(self, dimensions: int) -> bool:
        """What the model's `config.json` says: `matryoshka_dimensions`, or `is_matryoshka`."""
        lengths = self._config.get("matryoshka_dimensions")
        if isinstance(lengths, list):
            return dimensions in lengths
        return self._config.get("is_matryoshka") is True

    def prepare(self) -> None:
        """Imports the library, and torch with it."""
        go_offline()
        import sentence_transformers  # noqa: F401, PLC0415

    def load(self) -> None:
        """Loads the model.

        Raises:
            ModelMissingError: a file is missing or corrupt, or the model needs code of its own.
        """
        check_sentence_model(self._folder)
        import torch  # noqa: PLC0415
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        self._config = config_of(self._folder)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        precision = precision_of(self._chosen, str(self._config.get("model_type", "")), device)
        self._model = SentenceTransformer(
            str(self._folder),
            device=device,
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"dtype": getattr(torch, precision)},
        ).eval()
        # The modules behind the transformer are loaded in float32 in any case.
        self._model.to(getattr(torch, precision))
        self._tokenizer = TextTokenizer(self._fast_tokenizer(), self._most_tokens())
        self._padding = self._model.tokenizer.pad_token_id or 0
        self._dimensions = self.embed([self.tokenizer.read(["warm-up"])[0].ids], 0).shape[1]

    def device(self) -> Device:
        """The GPU with its memory, or the processor."""
        import torch  # noqa: PLC0415

        if self._model is None or self._model.device.type != "cuda":
            return Device("cpu")
        free, total = torch.cuda.mem_get_info()
        return Device("cuda", torch.cuda.get_device_name(), memory_total=total, memory_used=total - free)

    def embed(self, batch: Sequence[Sequence[int]], prompt_tokens: int) -> Matrix:
        """The model's own pooling, which may leave out the instruction."""
        import torch  # noqa: PLC0415

        longest = max(len(ids) for ids in batch)
        lengths = np.fromiter(map(len, batch), dtype=np.int64, count=len(batch))
        mask = np.arange(longest) < lengths[:, None]
        ids = np.full(mask.shape, self._padding, dtype=np.int64)
        ids[mask] = np.fromiter(chain.from_iterable(batch), dtype=np.int64, count=lengths.sum())
        device = self._model.device
        features: dict[str, Any] = {
            "input_ids": torch.from_numpy(ids).to(device),
            "attention_mask": torch.from_numpy(mask.astype(np.int64)).to(device),
        }
        if prompt_tokens > 0:
            features["prompt_length"] = prompt_tokens
        with torch.inference_mode():
            vectors = self._model(features)["sentence_embedding"]
        found: Matrix = vectors.float().cpu().numpy()
        return found

    def _fast_tokenizer(self) -> Any:
        from tokenizers import Tokenizer  # noqa: PLC0415

        tokenizer = getattr(self._model.tokenizer, "backend_tokenizer", None)
        if tokenizer is None:
            raise ModelMissingError(
                f"The model in {self._folder} has no tokenizer.json. Choose one that has."
            )
        # A copy, because the library changes padding and truncation of the model's own tokenizer.
        return Tokenizer.from_str(tokenizer.to_str())

    def _most_tokens(self) -> int:
        limits = [self._model.max_seq_length, self._config.get("max_position_embeddings"), _MOST_TOKENS]
        return min(limit for limit in limits if isinstance(limit, int) and limit > 0)
