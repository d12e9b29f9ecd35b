"""Compares an analysis's prompts about one window, asked at once, with one prompt after the other."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from spotscribe_bench.audio import different_windows
from spotscribe_bench.report import Report
from spotscribe_bench.voxtral_model import medium_shape, random_voxtral, real_shape
from spotscribe_common.contract import AnalysisOptions
from spotscribe_voxtral.analysis.prompts import audio_prompt
from spotscribe_voxtral.analysis.tasks import TASKS, wanted_tasks
from spotscribe_voxtral.engines.engine import Generation, Message
from spotscribe_voxtral.engines.voxtral import VoxtralEngine

_ROUNDS = 3
_MODEL = "random"
_QUESTION = "What does the caller want?"
# The model here has a token for each byte. Mistral's tokenizer has one for about 4 bytes of English.
_BYTES_PER_TOKEN = 4
Conversation = list[Message]


class Load(NamedTuple):
    """A model and its load, with a display name; `tokens` is the length of each answer."""

    name: str
    shape: Callable[[], Any]
    window_seconds: float
    tokens: int


_LOADS = {
    "cuda": Load("Voxtral-Mini-3B's shape", real_shape, 60.0, 128),
    "cpu": Load("143 million parameters", medium_shape, 60.0, 64),
}


def measure(folder: Path, report: Report, load: Load | None = None) -> None:
    """Reports for every round the seconds of all prompts, in three ways; on a CPU those of one thread.

    `single` asks one prompt after the other, `apart` asks all at once about different windows, and `shared`
    asks all at once about the same window, as an analysis does.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    load = load or _LOADS[device]
    torch.set_num_threads(1)
    report.say(f"making {load.name}")
    random_voxtral(folder / "models" / _MODEL, load.shape(), device)
    engine = VoxtralEngine(models=folder / "models", model=_MODEL, quantization="none", scratch=folder)
    engine.load()
    texts = _texts()
    windows = different_windows(len(texts), load.window_seconds)
    shared = [_asked(windows[0], text) for text in texts]
    apart = [_asked(window, text) for window, text in zip(windows, texts, strict=True)]
    ways: dict[str, list[list[Conversation]]] = {
        "single": [[each] for each in shared],
        "apart": [apart],
        "shared": [shared],
    }
    _written(engine, shared[:1], 2)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(_ROUNDS):
        # Alternates which is first, so that other load of the machine affects all.
        for way in sorted(ways, reverse=number % 2 == 1):
            began = _seconds(device)
            tokens = sum(_written(engine, batch, load.tokens) for batch in ways[way])
            seconds[way].append(_seconds(device) - began)
            if tokens != len(texts) * load.tokens:
                raise RuntimeError(f"{way}: {tokens} tokens were generated, so the loads differ")
            rate = 60 * len(texts) / seconds[way][-1]
            report.say(f"round {number + 1}/{_ROUNDS}, {way}: {rate:.1f} prompts/min")
    report.measured({"shapes": load.name, "prompts": len(texts), **seconds})


def _seconds(device: str) -> float:
    """On a CPU of the process alone, so that other load of the machine does not count."""
    return time.process_time() if device == "cpu" else time.monotonic()


def _texts() -> list[str]:
    """The texts of an analysis by default and of own questions, as long in tokens as for the real model."""
    by_default = [name for name, task in TASKS.items() if task.by_default]
    options = AnalysisOptions(tasks=by_default, questions=[_QUESTION])
    texts = [audio_prompt(task.told, task.shape, (1, 1)) for task in wanted_tasks(options)]
    # Every fourth byte, so that what the texts have in common is shortened, too.
    return [text[::_BYTES_PER_TOKEN] for text in texts]


def _asked(window: Any, text: str) -> Conversation:
    return [Message("user", (window, text))]


def _written(engine: VoxtralEngine, batch: list[Conversation], tokens: int) -> int:
    answers = engine.answer(batch, Generation(tokens), lambda _number, _piece: None, lambda: False)
    return sum(answer.tokens for answer in answers)
