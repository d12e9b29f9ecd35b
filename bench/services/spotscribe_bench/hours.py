"""Memory, above that of a loaded service, and scratch disk that hours of audio need."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from spotscribe_bench.audio import long_speech
from spotscribe_bench.models import TRAINED, write_models
from spotscribe_bench.report import Report
from spotscribe_bench.resident import Peaks, memory
from spotscribe_bench.service import Service, whisper_service
from spotscribe_bench.sizes import size
from spotscribe_testing.media import silence

_SPEECH_SECONDS = round(4.6 * 3600)
_SILENCE_SECONDS = 12.0 * 3600
# All of the silence is decoded and searched for pauses, but only the end is transcribed: all windows are
# alike, and transcribing all of them would take half an hour on a CPU.
_LISTENED_SECONDS = 600.0


def measure(folder: Path, report: Report) -> None:
    """Reports for each file the answer, its duration, and the peaks of memory and disk.

    `BENCH_AUDIO_SECONDS` is the length of the speech.
    """
    spoken = float(size("BENCH_AUDIO_SECONDS", _SPEECH_SECONDS))
    report.say("making hours of speech and of silence")
    write_models(folder / "models", TRAINED)
    shared = folder / "shared"
    shared.mkdir()
    long_speech(shared / "speech.opus", spoken)
    silence(shared / "silence.opus", _SILENCE_SECONDS, "-c:a", "libopus")
    found: dict[str, Any] = {}
    with whisper_service(folder, "usual") as service:
        held = memory(service.pid, "VmRSS")
        report.say("silence that is too long")
        found["refused"] = _watched(service, held, lambda: _refusal(service))
        report.say(f"{spoken / 3600:g} h of speech and pauses")
        found["speech"] = _watched(service, held, lambda: service.transcribe("speech.opus"))
    with whisper_service(folder, "raised", MAX_AUDIO_SECONDS=str(_SILENCE_SECONDS + 1)) as service:
        held = memory(service.pid, "VmRSS")
        report.say("the same silence, with a raised cap")
        found["silence"] = _watched(service, held, lambda: _silence(service))
    report.measured({"speech_seconds": spoken, "silence_seconds": _SILENCE_SECONDS, **found})


def _watched(service: Service, held: int, work: Callable[[], object]) -> dict[str, float]:
    """Seconds of the work, and bytes: memory above `held` with and without children, and disk."""
    began = time.monotonic()
    with Peaks(service.pid, service.scratch) as peaks:
        work()
    return {
        "seconds": time.monotonic() - began,
        "with_children": peaks.resident - held,
        "alone": memory(service.pid, "VmHWM") - held,
        "scratch": peaks.scratch,
    }


def _refusal(service: Service) -> None:
    answer = service.post("silence.opus")
    if answer.status_code != httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        raise RuntimeError(f"The service answered {answer.status_code}: {answer.text[:500]}")


def _silence(service: Service) -> None:
    answer = service.post("silence.opus", start_at=_SILENCE_SECONDS - _LISTENED_SECONDS)
    if answer.status_code != httpx.codes.OK or answer.json()["segments"]:
        raise RuntimeError(f"The service answered {answer.status_code}: {answer.text[:500]}")
