"""Compares the service with bare whisperX and sequential faster-whisper: same audio, weights and settings."""

import os
from pathlib import Path
from typing import Any

from spotscribe_bench.audio import repeated_speech
from spotscribe_bench.beside import BareWhisperx, sequential_seconds
from spotscribe_bench.gpu import GpuWatch
from spotscribe_bench.models import real_shapes, sentence, write_models
from spotscribe_bench.report import Report
from spotscribe_bench.resident import forget_peak, memory, processor_seconds
from spotscribe_bench.service import Service, whisper_service

_ROUNDS = 3
# More than one window of the service, to include the cost of splitting.
_AUDIO_SECONDS = {"cpu": 720.0, "cuda": 3600.0}
_WARM_UP_SECONDS = 60.0


def measure(folder: Path, report: Report) -> None:
    """Reports the seconds of every round, the memory of the service, and the GPU's idle time."""
    shapes = real_shapes()
    report.say(f"making {shapes.name}")
    write_models(folder / "models", shapes)
    report.say("loading whisperX and the service")
    bare = BareWhisperx(folder / "models", folder)
    shared = folder / "shared"
    shared.mkdir()
    length = _AUDIO_SECONDS[bare.device]
    repeated_speech(shared / "long.flac", length)
    repeated_speech(shared / "warm-up.flac", _WARM_UP_SECONDS)
    with whisper_service(folder, "service") as service:
        loaded = memory(service.pid, "VmRSS")
        # Uses the kernel's peak: sampling would slow down bare whisperX, which runs in this process.
        forget_peak(service.pid)
        times = _in_turns(bare, service, shared, report)
        held = memory(service.pid, "VmHWM") - loaded
        waits = None if bare.device == "cpu" else _gpu_waits(service)
    report.say("sequential faster-whisper")
    report.measured(
        {
            "shapes": shapes.name,
            "audio": length,
            **times,
            "sequential": sequential_seconds(folder / "models", shared / "long.flac"),
            "memory": held,
            "gpu_waits": waits,
        }
    )


def _in_turns(bare: BareWhisperx, service: Service, shared: Path, report: Report) -> dict[str, Any]:
    bare.transcribe(shared / "warm-up.flac")
    service.transcribe("warm-up.flac")
    seconds: dict[str, list[float]] = {"bare": [], "service": []}
    chunks = {"bare": 0, "service": 0}
    pids = {"bare": os.getpid(), "service": service.pid}
    processor: dict[str, list[float]] = {"bare": [], "service": []}
    before = service.recognition_seconds()
    for number in range(_ROUNDS):
        # Alternates who is first, so that other load of the machine affects both.
        for name in sorted(seconds, reverse=number % 2 == 1):
            began = processor_seconds(pids[name])
            if name == "bare":
                chunks[name], took = bare.transcribe(shared / "long.flac")
            else:
                transcript, took = service.transcribe("long.flac")
                chunks[name] = transcript["text"].count(sentence())
            seconds[name].append(took)
            processor[name].append(processor_seconds(pids[name]) - began)
            report.say(f"round {number + 1}/{_ROUNDS}: {name} {took:.1f} s, {chunks[name]} chunks")
    return {
        **seconds,
        "processor": processor,
        "recognition": (service.recognition_seconds() - before) / _ROUNDS,
    }


def _gpu_waits(service: Service) -> float | None:
    with GpuWatch() as watch:
        service.transcribe("long.flac")
    return watch.waits
