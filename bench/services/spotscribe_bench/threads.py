"""Compares the service's bound on threads with the libraries' defaults, at rest and beside other load."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from spotscribe_audio.audio.pcm import SAMPLE_RATE
from spotscribe_bench.accuracy.recordings import recordings, speech_folder
from spotscribe_bench.audio import write_wav
from spotscribe_bench.models import TRAINED_AND_ALIGNER, write_models
from spotscribe_bench.report import Report
from spotscribe_bench.resident import processor_seconds
from spotscribe_bench.service import Service, whisper_service
from spotscribe_bench.sizes import size

_AUDIO_SECONDS = 180
_WARM_UP_SECONDS = 10
_ROUNDS = 2
# As many as the service's test machine has.
_BUSY_PROCESSES = 2
# What libgomp does without its variables: as many threads as processors, each of which spins up to 3 ms.
_UNBOUNDED = {"OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))), "GOMP_SPINCOUNT": "300000"}
Rounds = dict[str, list[float]]


def measure(folder: Path, report: Report) -> None:
    """Reports wall and processor seconds of every round.

    `SPEECH_DIR` names a folder of recordings, and `BENCH_AUDIO_SECONDS` the length of the audio.
    """
    seconds = size("BENCH_AUDIO_SECONDS", _AUDIO_SECONDS)
    report.say(f"making {TRAINED_AND_ALIGNER.name}")
    write_models(folder / "models", TRAINED_AND_ALIGNER)
    (folder / "shared").mkdir()
    _write_speech(folder / "shared" / "speech.wav", seconds)
    _write_speech(folder / "shared" / "warm-up.wav", _WARM_UP_SECONDS)
    # The service's own choice is measured, so a caller's must not replace it.
    os.environ.pop("OMP_NUM_THREADS", None)
    with ExitStack() as running:
        services = {
            name: running.enter_context(whisper_service(folder, name, **variables))
            for name, variables in (("unbounded", _UNBOUNDED), ("bounded", {}))
        }
        for service in services.values():
            service.transcribe("warm-up.wav")
        found = {"rest": _rounds(services, report, "at rest")}
        with _busy(_BUSY_PROCESSES):
            found["load"] = _rounds(services, report, f"beside {_BUSY_PROCESSES} busy processes")
    report.measured({"audio": seconds, "processors": len(os.sched_getaffinity(0)), **found})


def _rounds(services: dict[str, Service], report: Report, when: str) -> dict[str, Rounds]:
    wall: Rounds = {name: [] for name in services}
    processor: Rounds = {name: [] for name in services}
    for number in range(_ROUNDS):
        # Alternates which is first, so that other load of the machine affects both.
        for name in sorted(services, reverse=number % 2 == 1):
            before = processor_seconds(services[name].pid)
            wall[name].append(services[name].transcribe("speech.wav")[1])
            processor[name].append(processor_seconds(services[name].pid) - before)
            report.say(
                f"{when}, round {number + 1}/{_ROUNDS}: {name} {wall[name][-1]:.1f} s, "
                f"{processor[name][-1]:.1f} processor seconds"
            )
    return {"wall": wall, "processor": processor}


@contextmanager
def _busy(count: int) -> Iterator[None]:
    """Runs so many processes of usual priority that compute without end."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def _write_speech(path: Path, seconds: int) -> None:
    """Joins the recordings, again from the first one if there are too few."""
    spoken = np.concatenate([each.samples for each in recordings(speech_folder()) if each.text])
    write_wav(path, np.resize(spoken, seconds * SAMPLE_RATE))
