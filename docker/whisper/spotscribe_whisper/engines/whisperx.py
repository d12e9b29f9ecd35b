"""The production engine: whisperX's batched transcription and alignment, from local directories alone."""

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spotscribe_common.contract import Degradation
from spotscribe_common.errors import ModelMissingError
from spotscribe_common.pcm import Samples
from spotscribe_whisper.engines.engine import (
    CancelledTranscriptionError,
    Device,
    EngineId,
    Heard,
    HeardSegment,
)
from spotscribe_whisper.engines.model_files import check_whisper_model, sentence_rules
from spotscribe_whisper.engines.whisperx_words import heard_segments, unaligned_segments

_log = logging.getLogger(__name__)
# Nothing is fetched and nothing reported: machines may have no way out, and audio may be a patient's.
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "PYANNOTE_METRICS_ENABLED": "0",
    "ORT_DISABLE_TELEMETRY": "1",
}
# By device, best first. T4 has no bfloat16; what a GPU cannot do is left out by asking ctranslate2.
_COMPUTE_TYPES = {"cuda": ("int8_float16", "float16", "float32"), "cpu": ("int8", "float32")}
_BATCH = {"cuda": 16, "cpu": 8}


class WhisperxEngine:
    """WhisperX with a ctranslate2 model of `<models>/<name>` and aligners of `<models>/align-<language>`.

    Args:
        models: directory of model directories.
        model: name of the Whisper model's directory.
        compute_type: ctranslate2's, or `auto`.
        scratch: directory for caches and for the rules of the sentence splitter.
    """

    longest_window = 300.0

    def __init__(self, *, models: Path, model: str, compute_type: str, scratch: Path) -> None:
        self.name: EngineId = "whisperx"
        self.model = model
        self._models = models
        self._compute_type = compute_type
        self._scratch = scratch
        self._device: Literal["cpu", "cuda"] = "cpu"
        self._pipeline: Any = None
        self._languages: Mapping[str, str] = {}
        # One aligner is kept: they weigh a gigabyte, and most work is in one language.
        self._aligner: tuple[str, Any, Any] | None = None

    def load(self) -> None:
        """Loads the Whisper model and the voice activity detector that comes with whisperX."""
        directory = self._models / self.model
        check_whisper_model(directory)
        os.environ.update(_OFFLINE)
        # torch, transformers and matplotlib make cache directories even if they put nothing there, and the
        # home directory may be read-only.
        os.environ["XDG_CACHE_HOME"] = os.environ["MPLCONFIGDIR"] = str(self._scratch / "cache")
        try:
            import ctranslate2  # noqa: PLC0415
            import nltk  # noqa: PLC0415
            import whisperx  # noqa: PLC0415
            from whisperx.utils import LANGUAGES  # noqa: PLC0415
        except ImportError as error:
            raise ModelMissingError(
                f"whisperX is not installed ({error}). Install requirements.production.txt, "
                f"or choose WHISPER_ENGINE=pocketsphinx."
            ) from error
        nltk.data.path.insert(0, str(sentence_rules(self._scratch)))
        self._languages = {"en": "english"} if self.model.endswith(".en") else dict(LANGUAGES)
        self._device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
        supported = ctranslate2.get_supported_compute_types(self._device)
        compute_type = self._compute_type
        if compute_type == "auto":
            compute_type = next(kind for kind in _COMPUTE_TYPES[self._device] if kind in supported)
        try:
            self._pipeline = whisperx.load_model(
                str(directory),
                self._device,
                compute_type=compute_type,
                vad_method="pyannote",
                local_files_only=True,
            )
        except RuntimeError as error:  # ctranslate2's word for weights that it cannot read
            raise ModelMissingError(
                f"The model file {directory / 'model.bin'} cannot be loaded: {error}. Fetch it again."
            ) from error
        except ValueError as error:
            raise ModelMissingError(
                f"The model in {directory} cannot be loaded as {compute_type} on {self._device}: {error}"
            ) from error

    def languages(self) -> Mapping[str, str]:
        """Whisper's languages; only English for a model whose name ends in `.en`. Empty before `load`."""
        return self._languages

    def device(self) -> Device:
        """The processor, or the GPU with its memory."""
        if self._device == "cpu":
            return Device("cpu")
        import torch  # noqa: PLC0415

        free, total = torch.cuda.mem_get_info()
        return Device("cuda", torch.cuda.get_device_name(), memory_total=total, memory_used=total - free)

    def detect_language(self, samples: Samples) -> str:
        """The language of the first 30 seconds."""
        return str(self._pipeline.detect_language(_as_float(samples)))

    def hear(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> Heard:
        """Transcribes one window and aligns its words."""
        audio = _as_float(samples)
        result = self._pipeline.transcribe(audio, batch_size=_BATCH[self._device], language=language)
        if cancelled():
            raise CancelledTranscriptionError
        return self._align(result["segments"], audio, language)

    def _align(self, segments: list[dict[str, Any]], audio: Any, language: str) -> Heard:
        """The words with their times; without an aligner the segments' times, and the reason."""
        if not segments:
            return Heard([])
        try:
            model, metadata = self._aligner_of(language)
            import whisperx  # noqa: PLC0415

            aligned = whisperx.align(segments, model, metadata, audio, self._device)
            return Heard(heard_segments(aligned["segments"], metadata["dictionary"], language))
        except Exception as error:  # a transcript without exact word times is worth more than none
            _log.warning("no alignment for %s: %s", language, error)
            kept: list[HeardSegment] = unaligned_segments(segments, language)
            return Heard(kept, [Degradation(stage="alignment", reason=_reason(error, language))])

    def _aligner_of(self, language: str) -> tuple[Any, Any]:
        if self._aligner is not None and self._aligner[0] == language:
            return self._aligner[1], self._aligner[2]
        import whisperx  # noqa: PLC0415

        directory = self._models / f"align-{language}"
        if not directory.is_dir():
            raise ModelMissingError(f"there is no alignment model for {language!r} in {directory}")
        self._aligner = None
        model, metadata = whisperx.load_align_model(
            language, self._device, model_name=str(directory), model_cache_only=True
        )
        self._aligner = (language, model, metadata)
        return model, metadata


def _as_float(samples: Samples) -> Any:
    return samples.astype(np.float32) / 32768.0


def _reason(error: Exception, language: str) -> str:
    if isinstance(error, ModelMissingError):
        return f"Words' times are estimates: {error.message}."
    return f"Words' times are estimates: aligning {language!r} failed with {type(error).__name__}: {error}"
