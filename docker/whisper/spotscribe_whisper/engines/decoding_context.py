"""What Whisper's decoder is told before it listens: hotwords and prompt share half of its text context."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from spotscribe_common.contract import Degradation
from spotscribe_whisper.engines.engine import Hearing
from spotscribe_whisper.engines.whisper_model import tokens_of

# Half of the decoder's 448 positions, less the token that begins the context (OpenAI's whisper, decoding.py).
CONTEXT_TOKENS = 223


class Context(NamedTuple):
    """The tokens that are kept, and what was cut, in words; None if nothing was."""

    hotwords: list[int]
    prompt: list[int]
    cut: str | None


class ContextTexts(NamedTuple):
    """The texts that are kept, None where nothing is, and what was cut."""

    hotwords: str | None
    prompt: str | None
    degraded: list[Degradation]


def context_texts(model: Any, how: Hearing) -> ContextTexts:
    """The hotwords and the prompt, as much of them as fits.

    Args:
        model: a `faster_whisper.WhisperModel`.
        how: what the caller wants.
    """
    context = fit_context(_tokens(model, how.hotwords), _tokens(model, how.prompt))
    decode = model.hf_tokenizer.decode
    degraded = []
    if context.cut is not None:
        degraded.append(Degradation(stage="transcript", reason=f"The context was cut: {context.cut}."))
    return ContextTexts(decode(context.hotwords) or None, decode(context.prompt) or None, degraded)


def _tokens(model: Any, text: str | None) -> list[int]:
    # As the decoder will encode it: with a space before it. Whisper's control tokens are found in any
    # text: their sign is broken up. Left out of the numbers alone, others could form of what is around.
    return tokens_of(model, f" {text.strip().replace('<|', '< |')}") if text and text.strip() else []


def fit_context(hotwords: Sequence[int], prompt: Sequence[int]) -> Context:
    """Cuts hotwords at their end and the prompt at its beginning, so that both fit.

    Hotwords may fill half of the room if there is a prompt too, else all of it; the prompt gets the rest.
    """
    room = CONTEXT_TOKENS // 2 if prompt else CONTEXT_TOKENS
    kept_hotwords = list(hotwords[:room])
    rest = CONTEXT_TOKENS - len(kept_hotwords)
    kept_prompt = list(prompt[max(len(prompt) - rest, 0) :])
    cuts = []
    if len(kept_hotwords) < len(hotwords):
        cuts.append(f"of the hotwords' {len(hotwords)} tokens the first {len(kept_hotwords)} were used")
    if len(kept_prompt) < len(prompt):
        cuts.append(f"of the prompt's {len(prompt)} tokens the last {len(kept_prompt)} were used")
    return Context(kept_hotwords, kept_prompt, "; ".join(cuts) or None)
