"""Attention that needs no memory for each pair of tokens, also on a T4."""

from types import SimpleNamespace
from typing import Any

# As which it is registered with Transformers.
NAME = "spotscribe_sdpa"


def register_attention() -> None:
    """Makes torch's attention known under :data:`NAME`, with keys and values repeated for every head.

    Where a batch has no padding, Transformers lets torch share keys and values among heads. Of torch's
    kernels only FlashAttention and the plain one can, and a T4 has no FlashAttention: the plain one holds the
    scores of all pairs of tokens, which are 12 GB for a prompt with ten minutes of audio.
    """
    from transformers import AttentionInterface, AttentionMaskInterface  # noqa: PLC0415
    from transformers.masking_utils import sdpa_mask  # noqa: PLC0415

    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)


def _attend(module: Any, query: Any, key: Any, value: Any, mask: Any, **how: Any) -> Any:
    from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward  # noqa: PLC0415

    groups = getattr(module, "num_key_value_groups", 1)
    if query.shape[2] == 1 and groups > 1:
        return _attend_from_one(query, key, value, mask, how["scaling"])
    # Transformers shares among heads if the module has groups: this one has none.
    ungrouped = SimpleNamespace(is_causal=getattr(module, "is_causal", True))
    return sdpa_attention_forward(
        ungrouped, query, repeat_kv(key, groups), repeat_kv(value, groups), mask, **how
    )


def _attend_from_one(query: Any, key: Any, value: Any, mask: Any, scaling: float) -> tuple[Any, None]:
    """Attention of each row's last token, which sees all others: nothing of the cache is repeated.

    The heads that share keys and values are to the kernel what several tokens are.

    Args:
        query: (rows, heads, 1, width).
        key: (rows, shared heads, tokens, width).
        value: as `key`.
        mask: (rows, 1, 1, tokens), or None.
        scaling: of the scores.

    Returns:
        (rows, 1, heads, width), and None for the scores, as Transformers' own attention.
    """
    from torch.nn.functional import scaled_dot_product_attention  # noqa: PLC0415

    rows, heads, _one, width = query.shape
    grouped = query.view(rows, key.shape[1], -1, width)
    found = scaled_dot_product_attention(grouped, key, value, attn_mask=mask, scale=scaling)
    return found.reshape(rows, 1, heads, width), None
