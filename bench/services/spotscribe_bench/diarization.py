"""Compares embeddings of voices with shared frames to pyannote's own way: same network, audio and masks."""

import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_bench.report import Report
from spotscribe_bench.resident import processor_seconds
from spotscribe_bench.sizes import size
from spotscribe_testing.models.tiny_pyannote import resnet_pyannote
from spotscribe_whisper.speakers.pyannote_pipeline import load_pipeline, reset_batches

_ROUNDS = 3
# A chunk of 10 s begins with each second.
_AUDIO_SECONDS = {"cpu": 20, "cuda": 1800}
_CHUNK_SECONDS = 10.0
_CHUNK_FRAMES = 500
# Of the greatest number: rounding in single precision.
_TOLERANCE = 1e-4


class _Way(NamedTuple):
    """A pipeline, and what its rounds took."""

    pipeline: Any
    seconds: list[float]
    processor: list[float]


def measure(folder: Path, report: Report) -> None:
    """Reports the seconds of every round.

    Raises:
        RuntimeError: the embeddings differ by more than rounding.
    """
    report.say("making a pipeline with WeSpeaker's ResNet34 and random weights")
    resnet_pyannote(folder / "model")
    ways = {name: _Way(load_pipeline(folder / "model", folder), [], []) for name in ("plain", "shared")}
    plain = ways["plain"].pipeline
    del plain._embedding.model_.forward
    for way in ways.values():
        reset_batches(way.pipeline)
    # As many waveforms in a batch of the network as where frames are shared.
    plain.embedding_batch_size //= len(plain._segmentation.model.specifications.classes)
    device = plain.device.type
    length = float(size("BENCH_AUDIO_SECONDS", _AUDIO_SECONDS[device]))
    file, masks = _audio(length), _masks(length)
    for way in ways.values():
        _embeddings(way.pipeline, _audio(_CHUNK_SECONDS), _masks(_CHUNK_SECONDS))
    found: dict[str, Any] = {}
    for number in range(_ROUNDS):
        # Alternates which is first, so that other load of the machine affects both.
        for name in sorted(ways, reverse=number % 2 == 1):
            way = ways[name]
            began, before = time.monotonic(), processor_seconds(os.getpid())
            found[name] = _embeddings(way.pipeline, file, masks)
            way.seconds.append(time.monotonic() - began)
            way.processor.append(processor_seconds(os.getpid()) - before)
        report.say(
            f"round {number + 1}: {', '.join(f'{name} {ways[name].seconds[-1]:.1f} s' for name in ways)}"
        )
    difference = _difference(found["shared"], found["plain"])
    report.say(f"the greatest difference is {difference:.1e} of the greatest number")
    if difference > _TOLERANCE:
        raise RuntimeError(f"the embeddings differ by {difference:.1e} of the greatest number")
    report.measured(
        {
            "device": device,
            "audio": length,
            **{name: way.seconds for name, way in ways.items()},
            "processor": {name: way.processor for name, way in ways.items()},
        }
    )


def _audio(seconds: float) -> dict[str, Any]:
    import torch

    noise = np.random.default_rng(1).normal(0, 0.1, (1, round(seconds * SAMPLE_RATE))).astype(np.float32)
    return {"waveform": torch.from_numpy(noise), "sample_rate": SAMPLE_RATE, "uri": "noise"}


def _masks(seconds: float) -> Any:
    """Who speaks in each frame of each chunk: up to three, in turns of about a second."""
    from pyannote.core import SlidingWindow, SlidingWindowFeature

    chunks = round(seconds - _CHUNK_SECONDS) + 1
    turns = np.random.default_rng(2).random((chunks, 10, 3)) > 0.5
    data = np.repeat(turns, _CHUNK_FRAMES // 10, axis=1).astype(np.float32)
    return SlidingWindowFeature(data, SlidingWindow(duration=_CHUNK_SECONDS, step=1.0))


def _embeddings(pipeline: Any, file: dict[str, Any], masks: Any) -> Any:
    # Its result lies in the memory of the processor: the GPU has finished.
    return pipeline.get_embeddings(file, masks, exclude_overlap=True)


def _difference(one: Any, other: Any) -> float:
    """Greatest difference of two numbers, in parts of the greatest number."""
    return float(np.nanmax(np.abs(one - other)) / np.nanmax(np.abs(other)))
