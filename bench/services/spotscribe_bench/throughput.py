"""Compares the service with bare whisperX and sequential faster-whisper: same audio, weights and settings."""

import os
from pathlib import Path
from typing import Any

from spotscribe_bench.audio import repeated_speech
from spotscribe_bench.beside import BareWhisperx, sequential_seconds
from spotscribe_bench.gpu import GpuWatch
from spotscribe_bench.models import Models, models_here, write_models
from spotscribe_bench.report import Report
from spotscribe_bench.resident import forget_peak, memory, processor_seconds
from spotscribe_bench.service import Service, whisper_service
from spotscribe_bench.sizes import size

_ROUNDS = 3
# More than one window of the service, to include the cost of splitting.
_AUDIO_SECONDS = {"cpu": 720, "cuda": 3600}
_WARM_UP_SECONDS = 60.0
# Greatest difference between the words of both, as a share of bare whisperX's.
_TOLERANCE = 0.05


def measure(folder: Path, report: Report) -> None:
    """Reports the seconds of every round, the memory of the service, and the GPU's idle time.

    Raises:
        RuntimeError: with trained weights, the numbers of words of the service and bare whisperX differ.
    """
    models = models_here()
    report.say(f"making {models.name}")
    write_models(folder / "models", models)
    report.say("loading whisperX and the service")
    bare = BareWhisperx(folder / "models", folder)
    shared = folder / "shared"
    shared.mkdir()
    length = float(size("BENCH_AUDIO_SECONDS", _AUDIO_SECONDS[bare.device]))
    repeated_speech(shared / "long.flac", length)
    repeated_speech(shared / "warm-up.flac", _WARM_UP_SECONDS)
    with whisper_service(folder, "service") as service:
        loaded = memory(service.pid, "VmRSS")
        # Uses the kernel's peak: sampling would slow down bare whisperX, which runs in this process.
        forget_peak(service.pid)
        times = _in_turns(bare, service, shared, report, models)
        held = memory(service.pid, "VmHWM") - loaded
        waits = None if bare.device == "cpu" else _gpu_waits(service)
    report.say("sequential faster-whisper")
    report.measured(
        {
            "shapes": models.name,
            "audio": length,
            **times,
            "sequential": sequential_seconds(folder / "models", shared / "long.flac"),
            "memory": held,
            "gpu_waits": waits,
        }
    )


def _in_turns(
    bare: BareWhisperx, service: Service, shared: Path, report: Report, models: Models
) -> dict[str, Any]:
    bare.transcribe(shared / "warm-up.flac")
    service.transcribe("warm-up.flac")
    seconds: dict[str, list[float]] = {"bare": [], "service": []}
    words = {"bare": 0, "service": 0}
    pids = {"bare": os.getpid(), "service": service.pid}
    processor: dict[str, list[float]] = {"bare": [], "service": []}
    before = service.recognition_seconds()
    for number in range(_ROUNDS):
        # Alternates who is first, so that other load of the machine affects both.
        for name in sorted(seconds, reverse=number % 2 == 1):
            began = processor_seconds(pids[name])
            if name == "bare":
                words[name], took = bare.transcribe(shared / "long.flac")
            else:
                transcript, took = service.transcribe("long.flac")
                words[name] = len(transcript["text"].split())
            seconds[name].append(took)
            processor[name].append(processor_seconds(pids[name]) - began)
            report.say(f"round {number + 1}/{_ROUNDS}: {name} {took:.1f} s, {words[name]} words")
    # Scripted weights say their sentence once more where the service decodes again.
    if models.whisper is None:
        check_words(words["service"], words["bare"])
    return {
        **seconds,
        "processor": processor,
        "recognition": (service.recognition_seconds() - before) / _ROUNDS,
    }


def check_words(service: int, bare: int) -> None:
    """Compares numbers of words: recognising less would be faster.

    Raises:
        RuntimeError: they differ by more than 5 %, or there are none.
    """
    if bare == 0 or abs(service - bare) > _TOLERANCE * bare:
        raise RuntimeError(f"The service recognised {service} words, and bare whisperX {bare}.")


def _gpu_waits(service: Service) -> float | None:
    with GpuWatch() as watch:
        service.transcribe("long.flac")
    return watch.waits
