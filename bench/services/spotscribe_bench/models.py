"""The measured models: trained weights of Whisper tiny.en, or scripted ones of a real size on a GPU."""

from pathlib import Path
from typing import NamedTuple

from spotscribe_audio.packaged_models import link_packaged
from spotscribe_testing.models.tiny_aligner import TINIEST as TINIEST_ALIGNER
from spotscribe_testing.models.tiny_aligner import WAV2VEC2_BASE, AlignerShape, tiny_aligner
from spotscribe_testing.models.tiny_whisper import WHISPER_LARGE_V3_TURBO, WhisperShape, scripted_whisper
from spotscribe_testing.places import SAMPLE_TEXT

# WhisperX takes a name that ends with `.en` for that of an English model.
MODEL = "measured.en"
LANGUAGE = "en"


class Models(NamedTuple):
    """The measured models.

    Attributes:
        whisper: size of a scripted Whisper; None for the trained weights of Whisper tiny.en.
        aligner: size of the aligner.
        name: display name.
    """

    whisper: WhisperShape | None
    aligner: AlignerShape
    name: str


# The attention of scripted weights is noise, so the service finds speech without words in most chunks, and
# decodes them again: its time is an upper bound.
SCRIPTED_ON_GPU = Models(WHISPER_LARGE_V3_TURBO, WAV2VEC2_BASE, "scripted large-v3-turbo, wav2vec2-base")
# The aligner's work is the same in service and baseline, so a small one makes differences visible.
TRAINED = Models(None, TINIEST_ALIGNER, "trained Whisper tiny.en, an aligner of kilobytes")
# With an aligner of the usual size, whose times have no meaning.
TRAINED_AND_ALIGNER = Models(None, WAV2VEC2_BASE, "trained Whisper tiny.en, wav2vec2-base")


def models_here() -> Models:
    """Models that this machine can measure in minutes. No large trained weights are installed."""
    import torch

    return SCRIPTED_ON_GPU if torch.cuda.is_available() else TRAINED


def write_models(directory: Path, models: Models) -> None:
    """Writes the models for the service, whisperX and faster-whisper.

    Raises:
        RuntimeError: the package with the trained weights is not installed.
    """
    if models.whisper is None:
        link_packaged("tiny.en", directory / MODEL)
    else:
        scripted_whisper(
            directory / MODEL, _sentence(), language=LANGUAGE, shape=models.whisper, multilingual=False
        )
    tiny_aligner(directory / f"align-{LANGUAGE}", models.aligner)


def _sentence() -> str:
    """Scripted text of each chunk of up to 30 seconds: about as many words as the sample has in that time."""
    words = SAMPLE_TEXT.read_text().split()
    return " ".join(words + words[: len(words) // 2])
