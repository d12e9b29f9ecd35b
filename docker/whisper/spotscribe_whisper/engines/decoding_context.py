"""What Whisper's decoder is told before it listens: hotwords and prompt share half of its text context."""

from collections.abc import Sequence
from typing import NamedTuple

# Half of the decoder's 448 positions, less the token that begins the context (OpenAI's whisper, decoding.py).
CONTEXT_TOKENS = 223


class Context(NamedTuple):
    """The tokens that are kept, and what was cut, in words; None if nothing was."""

    hotwords: list[int]
    prompt: list[int]
    cut: str | None


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
