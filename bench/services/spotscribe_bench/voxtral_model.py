"""A Voxtral of any shape with random weights: its time is real, what it says is not."""

from pathlib import Path
from typing import Any

# Control tokens, a vocabulary of bytes, and the files beside the weights are those of the tests' models.
from spotscribe_testing.models.tiny_voxtral import _BYTES, _CONTROL, _CONTROL_TOKENS, _save


def real_shape() -> Any:
    """Voxtral-Mini-3B-2507's, which is Transformers' default."""
    from transformers import VoxtralConfig

    return VoxtralConfig(audio_token_id=_CONTROL["[AUDIO]"])


def small_shape() -> Any:
    """One that a processor computes in milliseconds, with the real vocabulary."""
    from transformers import VoxtralConfig

    return VoxtralConfig(
        audio_config={
            "model_type": "voxtral_encoder", "hidden_size": 16, "intermediate_size": 64,
            "num_hidden_layers": 1, "num_attention_heads": 2,
        },
        text_config={
            "model_type": "llama", "vocab_size": 131_072, "hidden_size": 64, "intermediate_size": 64,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
            "max_position_embeddings": 131_072, "rope_theta": 1e8,
        },
        audio_token_id=_CONTROL["[AUDIO]"],
    )  # fmt: skip


def random_voxtral(directory: Path, shape: Any, device: str) -> None:
    """Writes a model in half precision that ends no answer before its greatest length.

    Args:
        directory: of the model.
        shape: a `VoxtralConfig`; the real one takes 9.4 GB, there and on the device.
        device: on which the weights are drawn.
    """
    import torch
    from transformers import VoxtralForConditionalGeneration

    torch.manual_seed(0)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16)
    try:
        with torch.device(device):
            model = VoxtralForConditionalGeneration(shape)
    finally:
        torch.set_default_dtype(usual)
    with torch.no_grad():
        # Of the vocabulary's numbers only bytes have a text here: small letters alone are likely.
        head = model.language_model.lm_head.weight
        first = _CONTROL_TOKENS + ord("a")
        head[:first] = 0
        head[first + 26 :] = 0
    _save(model, _BYTES, directory)
