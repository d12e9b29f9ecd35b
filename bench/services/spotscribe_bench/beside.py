"""The baselines: the libraries without the service, with the same weights and settings."""

import time
from pathlib import Path
from typing import Any

from spotscribe_bench.models import LANGUAGE, MODEL
from spotscribe_whisper.engines.model_files import sentence_rules

# The service's choices, so that the comparison is fair.
from spotscribe_whisper.engines.whisperx import BATCH
from spotscribe_whisper.engines.whisperx_loading import COMPUTE_TYPES

# WhisperX's default, also used for faster-whisper.
_THREADS = 4
_BEAM = 5


class BareWhisperx:
    """WhisperX as its README describes: load the audio, transcribe it in batches, align it.

    Args:
        models: directory of model directories.
        scratch: directory for the rules of the sentence splitter.
    """

    def __init__(self, models: Path, scratch: Path) -> None:
        import nltk
        import whisperx

        nltk.data.path.insert(0, str(sentence_rules(scratch)))
        self.device, _ = device_and_type()
        self._pipeline = bare_pipeline(models / MODEL, _THREADS)
        directory = models / f"align-{LANGUAGE}"
        self._aligner = whisperx.load_align_model(
            LANGUAGE, self.device, model_name=str(directory), model_cache_only=True
        )

    def transcribe(self, file: Path) -> tuple[int, float]:
        """Returns the number of words, and the total seconds."""
        import whisperx

        began = time.monotonic()
        audio = whisperx.load_audio(str(file))
        chunks = bare_chunks(self._pipeline, audio)
        model, metadata = self._aligner
        whisperx.align(chunks, model, metadata, audio, self.device)
        return sum(len(chunk["text"].split()) for chunk in chunks), time.monotonic() - began


def bare_pipeline(model: Path, threads: int) -> Any:
    """WhisperX's pipeline with pyannote's speech detector.

    Args:
        model: directory of the ctranslate2 model.
        threads: of ctranslate2.
    """
    import whisperx

    device, compute_type = device_and_type()
    return whisperx.load_model(
        str(model),
        device,
        compute_type=compute_type,
        vad_method="pyannote",
        threads=threads,
        local_files_only=True,
    )


def bare_chunks(pipeline: Any, audio: Any) -> list[dict[str, Any]]:
    """WhisperX's chunks with their texts and times, in batches of the service's size.

    Args:
        pipeline: of `bare_pipeline`.
        audio: of `whisperx.load_audio`.
    """
    batch = BATCH[device_and_type()[0]]
    chunks: list[dict[str, Any]] = pipeline.transcribe(audio, batch_size=batch, language=LANGUAGE)["segments"]
    return chunks


def sequential_seconds(models: Path, file: Path) -> float:
    """Seconds of faster-whisper, chunk by chunk, without batches, speech detection and alignment."""
    import faster_whisper

    device, compute_type = device_and_type()
    model = faster_whisper.WhisperModel(
        str(models / MODEL), device, compute_type=compute_type, cpu_threads=_THREADS, local_files_only=True
    )
    began = time.monotonic()
    segments, _ = model.transcribe(
        str(file),
        language=LANGUAGE,
        beam_size=_BEAM,
        temperature=0,
        without_timestamps=True,
        condition_on_previous_text=False,
    )
    for _ in segments:  # the generator works lazily
        pass
    return time.monotonic() - began


def device_and_type() -> tuple[str, str]:
    """Device and compute type that the service would choose."""
    import ctranslate2

    device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
    supported = ctranslate2.get_supported_compute_types(device)
    return device, next(kind for kind in COMPUTE_TYPES[device] if kind in supported)
