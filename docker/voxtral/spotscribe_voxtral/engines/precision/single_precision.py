"""Parts of a model in half precision that compute in single precision instead."""

import re
from collections.abc import Callable
from typing import Any

_SINGLE_BYTES = 4
# The smallest parts that hold all numbers in between: all of a feed-forward part, not one of its matrices.
_PART = re.compile(r"(conv[12]|self_attn|fc[12]|mlp|multi_modal_projector|lm_head)$")


class SinglePrecision:
    """Moves parts of a `VoxtralForConditionalGeneration` to single precision, one by one, for good.

    With the first part, also what the layers add up (the residual stream) is kept in single precision, and
    every part converts what it takes to its own precision: so no number that a part in single precision
    makes has to fit into half. Keys and values are in the precision of their attention.

    Args:
        voxtral: the model, in half precision.
        free: bytes that the device has free.

    Attributes:
        parts: the parts that can be moved, by their names.
    """

    def __init__(self, voxtral: Any, free: Callable[[], int]) -> None:
        self._voxtral = voxtral
        self._free = free
        self._moved: set[str] = set()
        self.parts = {name: each for name, each in voxtral.named_modules() if _PART.search(name)}

    @property
    def used(self) -> bool:
        """Whether anything computes in single precision."""
        return bool(self._moved)

    def has(self, name: str) -> bool:
        """Whether a part, or the sum of a layer, already is in single precision."""
        return name in self._moved if name in self.parts else self.used

    def move(self, name: str) -> bool:
        """Moves a part; of a layer, only what it adds up. False if the memory does not suffice."""
        part = self.parts.get(name)
        if part is not None and self._free() < _bytes_in_single(part):
            return False
        if not self.used:
            self._keep_sums()
        self._moved.add(name)
        if part is not None:
            _to_single(part)
        return True

    def _keep_sums(self) -> None:
        import torch  # noqa: PLC0415

        for name, part in self.parts.items():
            part.register_forward_pre_hook(self._enter(name, torch), with_kwargs=True)
        for name, norm in self._voxtral.audio_tower.named_modules(prefix="audio_tower"):
            if isinstance(norm, torch.nn.LayerNorm):
                self._moved.add(name)
                _to_single(norm)
                norm.register_forward_pre_hook(self._enter(name, torch), with_kwargs=True)
        # The sum of the encoder begins with its first layer, that of the language model with words and audio.
        encoder = self._voxtral.audio_tower.layers[0]
        encoder.register_forward_pre_hook(lambda _layer, given: (given[0].float(), *given[1:]))
        for made in (self._voxtral.get_input_embeddings(), self._voxtral.multi_modal_projector):
            made.register_forward_hook(lambda _made, _given, out: out.float())

    def _enter(self, name: str, torch: Any) -> Callable[..., Any]:
        def convert(_part: Any, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
            wanted = torch.float32 if name in self._moved else torch.float16
            return _converted(given, wanted), {key: _converted(each, wanted) for key, each in named.items()}

        return convert


def _bytes_in_single(part: Any) -> int:
    return sum(each.numel() * _SINGLE_BYTES for each in part.parameters() if each.is_floating_point())


def _to_single(part: Any) -> None:
    """Converts the weights; those in four bits stay, and are unpacked to single precision."""
    import torch  # noqa: PLC0415

    # Weights that a forward pass in inference mode made cannot replace those of loading.
    with torch.inference_mode(mode=False), torch.no_grad():
        part.float()
    for each in part.modules():
        if hasattr(each, "compute_dtype"):
            each.compute_dtype = torch.float32


def _converted(value: Any, wanted: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_converted(each, wanted) for each in value)
    is_number = getattr(value, "is_floating_point", None)
    return value.to(wanted) if is_number is not None and is_number() else value
