"""What Transformers' `generate` takes for a batch of prompts, with the audio that they share already read."""

from collections.abc import Sequence
from typing import Any

from spotscribe_voxtral.engines.prefixes import Prefixes, prefixes_of
from spotscribe_voxtral.engines.prompts import Prompt, Prompts


def batch_inputs(voxtral: Any, maker: Prompts, prompts: Sequence[Prompt]) -> dict[str, Any]:
    """The arguments of `generate`, on the model's device.

    If prompts begin with the same audio, the model reads each beginning once, here, and `generate` reads what
    follows. Each row then is the padded beginning and the padded rest; the mask hides both paddings, and
    `generate` counts positions by the mask.

    Args:
        voxtral: a `VoxtralForConditionalGeneration`.
        maker: makes tensors of prompts.
        prompts: of the batch.

    Returns:
        `input_ids` and `attention_mask` (prompts, tokens), and either `input_features` (pieces of 30 s, mel
        bins, frames), if there is audio, or `past_key_values`: the keys and values of the beginnings.
    """
    prefixes = prefixes_of(prompts, maker.audio)
    if not prefixes.shared:
        return _on(voxtral.device, maker.tensors(prompts))
    began = _on(voxtral.device, maker.tensors(prefixes.distinct))
    cache = _read(voxtral, began)
    rows, present = _rows(prefixes, voxtral.device)
    cache.batch_select_indices(rows)
    rest = _on(voxtral.device, maker.tensors(prefixes.rest(prompts)))
    # A prompt without audio has another one's keys and values in front of it, which its mask hides.
    before = {
        "input_ids": began["input_ids"][rows].where(present, maker.padding),
        "attention_mask": began["attention_mask"][rows] * present,
    }
    joined = {name: _beside(tokens, rest[name]) for name, tokens in before.items()}
    return {**joined, "past_key_values": cache}


def _read(voxtral: Any, began: dict[str, Any]) -> Any:
    """The keys and values of beginnings: (beginnings, heads, tokens, width) in each layer."""
    from transformers import DynamicCache  # noqa: PLC0415

    cache, mask = DynamicCache(), began["attention_mask"]
    # As `generate` numbers them; the model itself would number the padding, too.
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    voxtral(**began, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache


def _rows(prefixes: Prefixes, device: Any) -> tuple[Any, Any]:
    """Each prompt's place among the beginnings (prompts), and whether it has one (prompts, 1)."""
    import torch  # noqa: PLC0415

    rows = torch.tensor([place or 0 for place in prefixes.places], device=device)
    present = torch.tensor([[place is not None] for place in prefixes.places], device=device)
    return rows, present


def _beside(left: Any, right: Any) -> Any:
    import torch  # noqa: PLC0415

    return torch.cat([left, right], dim=1)


def _on(device: Any, tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: tensor.to(device) for name, tensor in tensors.items()}
