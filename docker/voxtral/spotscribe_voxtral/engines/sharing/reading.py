"""What Transformers' `generate` takes for a batch of prompts, with the audio that they share already read."""

from collections.abc import Sequence
from typing import Any

from spotscribe_voxtral.engines.prompts import Prompt, Prompts
from spotscribe_voxtral.engines.sharing.cache import cache_with_room
from spotscribe_voxtral.engines.sharing.prefixes import Prefixes, prefixes_of


def batch_inputs(voxtral: Any, maker: Prompts, prompts: Sequence[Prompt], max_tokens: int) -> dict[str, Any]:
    """The arguments of `generate`, on the model's device.

    If prompts begin with the same audio, the model reads each beginning once, here, and `generate` reads what
    follows. Each row then is the padded beginning and the padded rest; the mask hides both paddings, and
    `generate` counts positions by the mask.

    Args:
        voxtral: a `VoxtralForConditionalGeneration`.
        maker: makes tensors of prompts.
        prompts: of the batch.
        max_tokens: greatest length of an answer.

    Returns:
        `input_ids` and `attention_mask` (prompts, tokens), `past_key_values`, which holds the shared
        beginnings, and, if nothing is shared, `input_features` of the audio (pieces of 30 s, mel bins,
        frames).
    """
    prefixes = prefixes_of(prompts, maker.audio)
    if not prefixes.shared:
        whole = _on(voxtral.device, maker.tensors(prompts))
        return {**whole, "past_key_values": cache_with_room(whole["input_ids"].shape[1] + max_tokens)}
    began = _on(voxtral.device, maker.tensors(prefixes.distinct))
    rest = _on(voxtral.device, maker.tensors(prefixes.rest(prompts)))
    cache = cache_with_room(began["input_ids"].shape[1] + rest["input_ids"].shape[1] + max_tokens)
    _read(voxtral, began, cache)
    rows, present = _rows(prefixes, voxtral.device)
    cache.batch_select_indices(rows)
    # A prompt without audio has another one's keys and values in front of it, which its mask hides.
    before = {
        "input_ids": began["input_ids"][rows].where(present, maker.padding),
        "attention_mask": began["attention_mask"][rows] * present,
    }
    joined = {name: _beside(tokens, rest[name]) for name, tokens in before.items()}
    return {**joined, "past_key_values": cache}


def _read(voxtral: Any, began: dict[str, Any], cache: Any) -> None:
    """Fills the cache with the keys and values of beginnings."""
    mask = began["attention_mask"]
    # As `generate` numbers them; the model itself would number the padding, too.
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    voxtral(**began, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1)


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
