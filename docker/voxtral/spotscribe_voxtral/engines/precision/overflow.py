"""Numbers that are not finite: found where they begin, and computed again in single precision."""

import logging
import re
from typing import Any

from spotscribe_common.errors import InternalError
from spotscribe_voxtral.engines.precision.single_precision import SinglePrecision

_LAST = "language_model.lm_head"
# Of one pass through the model. Each takes two passes more.
_MOST_MOVES = 8
_CURE = "Set VOXTRAL_PRECISION=float32, or use a card with more memory."
# Where numbers can begin not to be finite: the parts of the model, and what adds up or scales their numbers.
_WATCHED = re.compile(
    r"(conv[12]|self_attn|fc[12]|mlp|multi_modal_projector|lm_head|norm|embed_tokens|layers\.\d+)$"
)
_log = logging.getLogger(__name__)


class OverflowGuard:
    """Watches every pass through a model, and repeats one whose numbers are not finite.

    Half precision overflows above 65 504, and a model that was trained in bfloat16 may go there. A token can
    be chosen by such numbers too, so that nonsense would pass for an answer. The part of the model that
    overflows first computes in single precision from then on.

    Args:
        voxtral: a `VoxtralForConditionalGeneration`.
        single: moves its parts to single precision; None if all of it computes so.
    """

    def __init__(self, voxtral: Any, single: SinglePrecision | None) -> None:
        self._voxtral = voxtral
        self._single = single
        voxtral.register_forward_hook(self._checked, with_kwargs=True)

    @property
    def used(self) -> bool:
        """Whether parts of a model in half precision compute in single precision."""
        return self._single is not None and self._single.used

    def _checked(self, _voxtral: Any, _given: Any, named: dict[str, Any], out: Any) -> Any:
        """The pass's result, or that of the pass that repeats it.

        Raises:
            InternalError: the numbers are not finite, and single precision does not help or does not fit.
        """
        for _ in range(_MOST_MOVES):
            if _is_finite(out.logits[:, -1]):
                return out
            self._move(self._first_overflow(named))
            out = self._pass(named)
        if _is_finite(out.logits[:, -1]):
            return out
        raise InternalError(f"The model's numbers overflow half precision in many parts. {_CURE}")

    def _move(self, name: str) -> None:
        told = f"The model's numbers are not finite in {name}"
        if self._single is None:
            raise InternalError(f"{told}: its weights are damaged. Fetch the model's files again.")
        if self._single.has(name):
            raise InternalError(
                f"{told}, also in single precision: its weights are damaged, or too large for half "
                "precision. Set VOXTRAL_PRECISION=float32, or fetch the model's files again."
            )
        if not self._single.move(name):
            raise InternalError(
                f"{told}: they overflow half precision, and there is no memory for this part in single "
                f"precision. {_CURE}"
            )
        _log.warning("%s overflows half precision: it computes in single precision from here on", name)

    def _pass(self, named: dict[str, Any]) -> Any:
        """Repeats a pass, without what the failed one left in the cache."""
        named["past_key_values"].crop(_tokens_before(named))
        return self._voxtral.forward(**named)

    def _first_overflow(self, named: dict[str, Any]) -> str:
        """The name of the part, or else the layer, that is the first to make a number that is not finite."""
        read = named["attention_mask"][:, _tokens_before(named) :].bool()
        hooks = [
            # What is not finite after a norm was summed up before it, in the layer that has the norm.
            module.register_forward_hook(
                _stop_at_overflow(name.rpartition(".")[0] if name.endswith("norm") else name, read)
            )
            for name, module in self._voxtral.named_modules()
            if _WATCHED.search(name)
        ]
        try:
            self._pass(named)
        except _OverflowFoundError as found:
            return found.name
        finally:
            for hook in hooks:
                hook.remove()
        return _LAST


class _OverflowFoundError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _stop_at_overflow(name: str, read: Any) -> Any:
    """A hook that ends a pass where a module's numbers are not finite, except those of padding.

    Args:
        name: of the module.
        read: which tokens of (rows, tokens) are no padding.
    """

    def stop(_module: Any, _given: Any, out: Any) -> None:
        made = out[0] if isinstance(out, tuple) else out
        if name.startswith("language_model") and made.shape[:2] == read.shape:
            made = made[read]
        if not _is_finite(made):
            raise _OverflowFoundError(name)

    return stop


def _tokens_before(named: dict[str, Any]) -> int:
    """How many tokens are in the cache when a pass begins."""
    return int(named["attention_mask"].shape[1] - named["input_ids"].shape[1])


def _is_finite(numbers: Any) -> bool:
    return bool(numbers.isfinite().all())
