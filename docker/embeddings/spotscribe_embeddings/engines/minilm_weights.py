"""The weights of a BERT model from a safetensors file as ctranslate2 loads them.

ctranslate2's own converter reads them through torch, which is a hundred times as large as the model.
"""

import json
from pathlib import Path
from typing import Any


def convert(source: Path, target: Path) -> None:
    """Writes a model of ctranslate2.

    Args:
        source: folder with `config.json`, `model.safetensors` and `tokenizer.json` of a BERT encoder.
        target: empty folder.
    """
    from ctranslate2.specs import common_spec, transformer_spec  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415
    from tokenizers import Tokenizer  # noqa: PLC0415

    config = json.loads((source / "config.json").read_text())
    weights = _Weights(load_file(source / "model.safetensors"))
    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"],
        config["num_attention_heads"],
        pre_norm=False,
        activation=common_spec.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=common_spec.EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    weights.norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for index, layer in enumerate(encoder.layer):
        prefix = f"encoder.layer.{index}"
        attention = f"{prefix}.attention"
        of_heads = [f"{attention}.self.{part}" for part in ("query", "key", "value")]
        weights.linear(layer.self_attention.linear[0], *of_heads)
        weights.linear(layer.self_attention.linear[1], f"{attention}.output.dense")
        weights.norm(layer.self_attention.layer_norm, f"{attention}.output.LayerNorm")
        weights.linear(layer.ffn.linear_0, f"{prefix}.intermediate.dense")
        weights.linear(layer.ffn.linear_1, f"{prefix}.output.dense")
        weights.norm(layer.ffn.layer_norm, f"{prefix}.output.LayerNorm")
    spec = transformer_spec.TransformerEncoderModelSpec(encoder, pooling_layer=False)
    vocabulary = Tokenizer.from_file(str(source / "tokenizer.json")).get_vocab()
    spec.register_vocabulary(sorted(vocabulary, key=vocabulary.__getitem__))
    spec.config.unk_token = "[UNK]"  # noqa: S105
    spec.config.layer_norm_epsilon = config["layer_norm_eps"]
    spec.validate()
    spec.optimize()
    spec.save(str(target))


class _Weights:
    """Arrays by their names, and the layers that are made of several."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self._arrays = arrays

    def __getitem__(self, name: str) -> Any:
        return self._arrays[name]

    def norm(self, layer: Any, name: str) -> None:
        """Fills a layer normalization."""
        layer.gamma, layer.beta = self[f"{name}.weight"], self[f"{name}.bias"]

    def linear(self, layer: Any, *names: str) -> None:
        """Fills a linear layer with one or several below each other."""
        import numpy as np  # noqa: PLC0415

        layer.weight = np.concatenate([self[f"{name}.weight"] for name in names])
        layer.bias = np.concatenate([self[f"{name}.bias"] for name in names])
