"""A Voxtral of any size with random weights: its time is realistic, its text is not."""

from pathlib import Path
from typing import Any

# Control tokens, the byte vocabulary and all files except the weights come from the tests' models.
from spotscribe_testing.models.tiny_voxtral import _BYTES, _CONTROL, _CONTROL_TOKENS, _save


def real_shape() -> Any:
    """Configuration of Voxtral-Mini-3B-2507, which is Transformers' default."""
    from transformers import VoxtralConfig

    return VoxtralConfig(audio_token_id=_CONTROL["[AUDIO]"])


def small_shape() -> Any:
    """Configuration that a CPU computes in milliseconds, with the real vocabulary."""
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


def medium_shape() -> Any:
    """Configuration that a CPU computes in seconds: 143 million parameters, 570 MB in single precision.

    As in the real model, the encoder has a fifth as many parameters as the layers of the language model, and
    reads as many steps and mel bins.
    """
    from transformers import VoxtralConfig

    return VoxtralConfig(
        audio_config={
            "model_type": "voxtral_encoder", "hidden_size": 384, "intermediate_size": 1536,
            "num_hidden_layers": 8, "num_attention_heads": 6,
        },
        text_config={
            "model_type": "llama", "vocab_size": 32_768, "hidden_size": 768, "intermediate_size": 2048,
            "num_hidden_layers": 12, "num_attention_heads": 12, "num_key_value_heads": 4, "head_dim": 64,
            "max_position_embeddings": 131_072, "rope_theta": 1e8,
        },
        audio_token_id=_CONTROL["[AUDIO]"],
    )  # fmt: skip


def random_voxtral(directory: Path, shape: Any, device: str) -> None:
    """Writes a model in half precision whose answers always have the maximum length.

    Args:
        directory: directory of the model.
        shape: a `VoxtralConfig`; the real one needs 9.4 GB on disk and on the device.
        device: device on which the weights are drawn.
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
        # Only bytes of the vocabulary have text: make only lower-case letters likely.
        head = model.language_model.lm_head.weight
        first = _CONTROL_TOKENS + ord("a")
        head[:first] = 0
        head[first + 26 :] = 0
    _save(model, _BYTES, directory)
