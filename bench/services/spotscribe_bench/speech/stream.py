"""Compares the service with its bare engine, and its first sound with its last, for a long text.

The order changes with each round, so that other load affects both.
"""

import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from spotscribe_bench.report import Report
from spotscribe_bench.sizes import size
from spotscribe_bench.speech.sentences import HARVARD
from spotscribe_bench.speech.service import MODEL, VOICE, body, speech_service, write_model
from spotscribe_speech.engines.engine import Samples
from spotscribe_speech.engines.kokoro.engine import KokoroEngine
from spotscribe_speech.text.read import read_text

# Longer than any measurement. The user ends a benchmark that hangs.
_REQUEST_SECONDS = 7200.0
_BYTES_PER_SAMPLE = 2


def measure(folder: Path, report: Report) -> None:
    """Reports the seconds of both in each round, and the service's seconds to its first sound."""
    sentences, rounds = size("BENCH_SENTENCES", 25), size("BENCH_ROUNDS", 3)
    text = " ".join((HARVARD * (sentences // len(HARVARD) + 1))[:sentences])
    weights = write_model(folder)
    report.say("loading the engine and the service")
    engine = KokoroEngine(weights, MODEL)
    engine.load()
    found: dict[str, list[float]] = {"bare": [], "service": [], "first": []}
    lengths: dict[str, list[float]] = {"bare": [], "service": []}
    with speech_service(folder) as url:
        for turn in range(rounds):
            for name in sorted(lengths, reverse=turn % 2 == 0):
                began = time.monotonic()
                if name == "bare":
                    samples = _bare(engine, text)
                else:
                    first, samples = _asked(url, text)
                    found["first"].append(first - began)
                found[name].append(time.monotonic() - began)
                lengths[name].append(samples / engine.sample_rate)
                report.say(f"round {turn + 1}/{rounds}: {name} {found[name][-1]:.1f} s")
    report.measured({"sentences": sentences, "characters": len(text), "audio": lengths, **found})


def _bare(engine: KokoroEngine, text: str) -> int:
    """Speaks each sentence of the text, and returns the number of samples."""
    voice = next(voice for voice in engine.voices if voice.id == VOICE)
    spoken: list[Samples] = [
        engine.speak(sentence.text, voice, "en", 1.0) for sentence in read_text(text, language="en").sentences
    ]
    return int(np.concatenate(spoken).size)


def _asked(url: str, text: str) -> tuple[float, int]:
    """Returns when the first sound came, and the number of samples.

    Raises:
        RuntimeError: the service answered with an error.
    """
    first, count = 0.0, 0
    json: dict[str, Any] = body(text)
    with httpx.stream("POST", f"{url}/v1/audio/speech", json=json, timeout=_REQUEST_SECONDS) as answer:
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"The service answered {answer.status_code}: {answer.read()[:500]!r}")
        for chunk in answer.iter_raw():
            first = first or time.monotonic()
            count += len(chunk)
    return first, count // _BYTES_PER_SAMPLE
