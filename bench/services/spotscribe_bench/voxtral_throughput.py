"""Compares Voxtral's engine, which batches windows, with Transformers' `generate` in a loop."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from spotscribe_bench.audio import different_windows
from spotscribe_bench.report import Report
from spotscribe_bench.voxtral_model import random_voxtral, real_shape, small_shape
from spotscribe_voxtral.engines.engine import Generation, Message
from spotscribe_voxtral.engines.prompts import Prompts
from spotscribe_voxtral.engines.voxtral import VoxtralEngine

_ROUNDS = 3
_MODEL = "random"
_QUESTION = "What is said here?"
Conversation = list[Message]


class _Load(NamedTuple):
    """A model and its load, with a display name."""

    name: str
    shape: Callable[[], Any]
    windows: int
    window_seconds: float
    tokens: int


_LOADS = {
    "cuda": _Load("Voxtral-Mini-3B's shape", real_shape, 16, 60.0, 256),
    "cpu": _Load("a Voxtral of two layers", small_shape, 6, 4.0, 24),
}


class _Plain:
    """The model as loaded by Transformers, without the engine."""

    def __init__(self, directory: Path, device: str) -> None:
        import torch
        from transformers import VoxtralForConditionalGeneration

        self._device = device
        self._prompts = Prompts(directory)
        self._model = VoxtralForConditionalGeneration.from_pretrained(
            directory,
            dtype=torch.float16 if device == "cuda" else torch.float32,
            device_map={"": device},
            local_files_only=True,
        ).eval()

    def answer(self, conversation: Conversation, tokens: int) -> int:
        """Generates an answer; returns its number of tokens."""
        prompt = self._prompts.conversation(conversation)
        given = {name: each.to(self._device) for name, each in self._prompts.tensors([prompt]).items()}
        written: Any = self._model.generate(
            **given,
            max_new_tokens=tokens,
            do_sample=False,
            eos_token_id=self._prompts.end,
            pad_token_id=self._prompts.padding,
        )
        # Converting to a list waits for the GPU.
        return len(written[0].tolist()) - len(prompt.tokens)


def measure(folder: Path, report: Report) -> None:
    """Reports for every round the seconds for all windows, in batches and one by one.

    The model is on the device twice: for the engine, and for Transformers alone.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    load = _LOADS[device]
    report.say(f"making {load.name}")
    random_voxtral(folder / "models" / _MODEL, load.shape(), device)
    engine = VoxtralEngine(models=folder / "models", model=_MODEL, quantization="none", scratch=folder)
    engine.load()
    plain = _Plain(folder / "models" / _MODEL, device)
    asked = _conversations(load)
    ways: dict[str, Callable[[list[Conversation]], int]] = {
        "batched": lambda some: _batched(engine, some, load.tokens),
        "looped": lambda some: sum(plain.answer(each, load.tokens) for each in some),
    }
    for write in ways.values():
        write(asked[:1])
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(_ROUNDS):
        # Alternates which is first, so that other load of the machine affects both.
        for way in sorted(ways, reverse=number % 2 == 1):
            began = time.monotonic()
            tokens = ways[way](asked)
            seconds[way].append(time.monotonic() - began)
            if tokens != load.windows * load.tokens:
                raise RuntimeError(f"{way}: {tokens} tokens were generated, so the loads differ")
            report.say(f"round {number + 1}/{_ROUNDS}, {way}: {tokens / seconds[way][-1]:.1f} tokens/s")
    report.measured(
        {"shapes": load.name, "windows": load.windows, "tokens": load.windows * load.tokens, **seconds}
    )


def _conversations(load: _Load) -> list[Conversation]:
    """A question about each window; all windows differ."""
    windows = different_windows(load.windows, load.window_seconds)
    return [[Message("user", (window, _QUESTION))] for window in windows]


def _batched(engine: VoxtralEngine, asked: list[Conversation], tokens: int) -> int:
    """Generates the answers in batches that fit; returns their number of tokens."""
    batch = engine.capacity(tokens).batch
    answers = [
        answer
        for start in range(0, len(asked), batch)
        for answer in engine.answer(
            asked[start : start + batch], Generation(tokens), lambda _number, _piece: None, lambda: False
        )
    ]
    return sum(answer.tokens for answer in answers)
