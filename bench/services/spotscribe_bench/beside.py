"""What the service is measured beside: the libraries alone, with the same weights and settings."""

import time
from pathlib import Path
from typing import Any

from spotscribe_bench.models import LANGUAGE, MODEL
from spotscribe_whisper.engines.model_files import sentence_rules

# The service's own choices: other ones would compare something else.
from spotscribe_whisper.engines.whisperx import _BATCH
from spotscribe_whisper.engines.whisperx_loading import COMPUTE_TYPES

# WhisperX's default, which faster-whisper is given too.
_THREADS = 4
_BEAM = 5


class BareWhisperx:
    """What whisperX's README tells to do: load the audio, transcribe it in batches, align it.

    Args:
        models: directory of model directories.
        scratch: directory for the rules of the sentence splitter.
    """

    def __init__(self, models: Path, scratch: Path) -> None:
        import nltk
        import whisperx

        nltk.data.path.insert(0, str(sentence_rules(scratch)))
        self.device, compute_type = device_and_type()
        self._batch = _BATCH[self.device]
        self._pipeline = whisperx.load_model(
            str(models / MODEL),
            self.device,
            compute_type=compute_type,
            vad_method="pyannote",
            threads=_THREADS,
            local_files_only=True,
        )
        directory = models / f"align-{LANGUAGE}"
        self._aligner = whisperx.load_align_model(
            LANGUAGE, self.device, model_name=str(directory), model_cache_only=True
        )

    def transcribe(self, file: Path) -> tuple[int, float]:
        """How many chunks whisperX cut the audio into, and the seconds that all took."""
        import whisperx

        began = time.monotonic()
        audio = whisperx.load_audio(str(file))
        chunks: list[Any] = self._pipeline.transcribe(audio, batch_size=self._batch, language=LANGUAGE)[
            "segments"
        ]
        model, metadata = self._aligner
        whisperx.align(chunks, model, metadata, audio, self.device)
        return len(chunks), time.monotonic() - began


def sequential_seconds(models: Path, file: Path) -> float:
    """Seconds of faster-whisper, chunk after chunk, without batches, speech detection and alignment."""
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
    for _ in segments:  # it works only as far as it is asked to
        pass
    return time.monotonic() - began


def device_and_type() -> tuple[str, str]:
    """Device and compute type as the service chooses them."""
    import ctranslate2

    device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
    supported = ctranslate2.get_supported_compute_types(device)
    return device, next(kind for kind in COMPUTE_TYPES[device] if kind in supported)
