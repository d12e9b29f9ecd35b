"""What is compared: the service and bare libraries, with the same file, weights and arithmetic."""

import os
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from spotscribe_bench.beside import bare_chunks, bare_pipeline, device_and_type
from spotscribe_bench.models import LANGUAGE
from spotscribe_bench.resident import processor_seconds
from spotscribe_bench.service import Service

SERVICE, WHISPERX, SEQUENTIAL, BATCHED = "service", "whisperx", "sequential", "batched"
SYSTEMS = (SERVICE, WHISPERX, SEQUENTIAL, BATCHED)
BASELINES = SYSTEMS[1:]
_SEED = 1


class Heard(NamedTuple):
    """What a system has heard in one file.

    Attributes:
        text: all of it.
        processor: processor seconds of the system's process and its ended children.
        segments: with times in seconds; only the service's have words.
        degraded: the service's losses.
    """

    text: str
    processor: float
    segments: list[dict[str, Any]]
    degraded: list[dict[str, Any]]


class Baselines:
    """The bare libraries in this process. Models are loaded when they are first needed.

    Args:
        model: directory of the ctranslate2 model.
    """

    def __init__(self, model: Path) -> None:
        self._model = model
        # As many as the service uses. More threads than processors would take more processor time.
        self._threads = len(os.sched_getaffinity(0))
        self._loaded: dict[str, Callable[[Path], list[dict[str, Any]]]] = {}

    def hear(self, system: str, file: Path) -> Heard:
        """Transcribes a file, including its decoding.

        Args:
            system: one of `BASELINES`.
            file: any audio file.
        """
        if system not in self._loaded:
            self._loaded[system] = self._load(system)
            # The first call starts threads and fills caches.
            self._loaded[system](file)
        began = processor_seconds(os.getpid())
        segments = self._loaded[system](file)
        took = processor_seconds(os.getpid()) - began
        return Heard(" ".join(each["text"].strip() for each in segments), took, segments, [])

    def _load(self, system: str) -> Callable[[Path], list[dict[str, Any]]]:
        if system == WHISPERX:
            return self._whisperx()
        import ctranslate2
        import faster_whisper

        # Temperatures above 0 draw words at random. ctranslate2 reads the seed when its threads start.
        ctranslate2.set_random_seed(_SEED)
        device, compute_type = device_and_type()
        model = faster_whisper.WhisperModel(
            str(self._model),
            device,
            compute_type=compute_type,
            cpu_threads=self._threads,
            local_files_only=True,
        )
        transcribe = (
            model if system == SEQUENTIAL else faster_whisper.BatchedInferencePipeline(model)
        ).transcribe

        def hear(file: Path) -> list[dict[str, Any]]:
            segments, _ = transcribe(str(file), language=LANGUAGE)
            return [{"start": each.start, "end": each.end, "text": each.text} for each in segments]

        return hear

    def _whisperx(self) -> Callable[[Path], list[dict[str, Any]]]:
        import whisperx

        pipeline = bare_pipeline(self._model, self._threads)

        def hear(file: Path) -> list[dict[str, Any]]:
            chunks = bare_chunks(pipeline, whisperx.load_audio(str(file)))
            return [{key: chunk[key] for key in ("start", "end", "text")} for chunk in chunks]

        return hear


def heard_by(service: Service, name: str) -> Heard:
    """Transcribes a file of the shared volume over HTTP. A degraded transcript is accepted.

    Raises:
        RuntimeError: the request failed.
    """
    began = processor_seconds(service.pid)
    answer = service.post(name)
    took = processor_seconds(service.pid) - began
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"The service answered {answer.status_code}: {answer.text[:500]}")
    transcript = answer.json()
    return Heard(transcript["text"], took, transcript["segments"], transcript["degraded"])


def versions(system: str) -> Sequence[str]:
    """Packages of a baseline with their versions, on which its results depend."""
    packages = ["ctranslate2", "faster-whisper", *(["whisperx", "torch"] if system == WHISPERX else [])]
    return [f"{name} {version(name)}" for name in packages]
