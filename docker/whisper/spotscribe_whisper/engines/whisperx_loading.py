"""Loads whisperX from local directories alone, with the finest arithmetic that the device can do."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from spotscribe_common.errors import ModelMissingError
from spotscribe_common.process.offline import go_offline
from spotscribe_whisper.engines.model_files import sentence_rules

# By device, best first. T4 has no bfloat16; what a GPU cannot do is left out by asking ctranslate2.
COMPUTE_TYPES = {"cuda": ("int8_float16", "float16", "float32"), "cpu": ("int8", "float32")}
# WhisperX's own thresholds for speech, written down because language detection needs them too.
VAD = {"onset": 0.5, "offset": 0.363}


def import_whisperx(scratch: Path) -> Mapping[str, str]:
    """Imports whisperX without a way out of the machine.

    Args:
        scratch: directory for caches and for the rules of the sentence splitter.

    Returns:
        Code to name of all languages of Whisper.

    Raises:
        ModelMissingError: it is not installed.
    """
    go_offline(scratch / "cache")
    try:
        import ctranslate2  # noqa: F401, PLC0415
        import nltk  # noqa: PLC0415

        # By themselves, they would be imported when a model is loaded, or the first words are aligned.
        import whisperx.alignment  # noqa: PLC0415
        import whisperx.asr  # noqa: F401, PLC0415
        from whisperx.utils import LANGUAGES  # noqa: PLC0415
    except ImportError as error:
        raise ModelMissingError(
            f"whisperX is not installed ({error}). Install requirements.production.txt, "
            f"or choose WHISPER_ENGINE=faster-whisper."
        ) from error
    nltk.data.path.insert(0, str(sentence_rules(scratch)))
    languages: Mapping[str, str] = LANGUAGES
    return languages


def best_device() -> Literal["cpu", "cuda"]:
    """The GPU if ctranslate2 finds one."""
    import ctranslate2  # noqa: PLC0415

    return "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"


def load_pipeline(directory: Path, device: Literal["cpu", "cuda"], compute_type: str) -> Any:
    """The Whisper model of a directory with the voice activity detector that comes with whisperX.

    Args:
        directory: of the ctranslate2 model.
        device: where it computes.
        compute_type: ctranslate2's, or `auto`.

    Raises:
        ModelMissingError: its files cannot be loaded, or not as `compute_type`.
    """
    import ctranslate2  # noqa: PLC0415
    import whisperx  # noqa: PLC0415

    supported = ctranslate2.get_supported_compute_types(device)
    if compute_type == "auto":
        compute_type = next(kind for kind in COMPUTE_TYPES[device] if kind in supported)
    try:
        return whisperx.load_model(
            str(directory),
            device,
            compute_type=compute_type,
            vad_method="pyannote",
            vad_options={f"vad_{name}": value for name, value in VAD.items()},
            local_files_only=True,
            # More threads than processors wait for each other, and do so at full speed.
            threads=len(os.sched_getaffinity(0)),
        )
    except RuntimeError as error:  # ctranslate2's word for weights that it cannot read
        raise ModelMissingError(
            f"The model file {directory / 'model.bin'} cannot be loaded: {error}. Fetch it again."
        ) from error
    except ValueError as error:
        raise ModelMissingError(
            f"The model in {directory} cannot be loaded as {compute_type} on {device}: {error}"
        ) from error
    except Exception as error:  # the tokenizer's word for a file that it cannot read
        raise ModelMissingError(
            f"The model in {directory} cannot be loaded: {error}. Fetch its JSON files again."
        ) from error
