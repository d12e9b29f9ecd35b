"""Questions to a Voxtral engine, and noise to ask them about."""

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_voxtral.engines.engine import Engine, Generation, Message, ignore_piece


def noise(seconds: float, seed: int = 0) -> Samples:
    """White noise of 16 kHz."""
    made = np.random.default_rng(seed).integers(-8000, 8000, round(seconds * SAMPLE_RATE))
    return made.astype(np.int16)


def asked(*parts: str | Samples) -> list[Message]:
    """A conversation with one message of the user."""
    return [Message("user", parts)]


def texts(engine: Engine, *conversations: list[Message], max_tokens: int = 8) -> list[str]:
    """The likeliest answers of one batch."""
    how = Generation(max_tokens)
    return [answer.text for answer in engine.answer(conversations, how, ignore_piece, lambda: False)]
