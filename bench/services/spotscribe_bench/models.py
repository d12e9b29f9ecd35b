"""Models of real sizes, so that their time is real, with scripted instead of trained weights."""

from pathlib import Path
from typing import NamedTuple

from spotscribe_testing.models.tiny_aligner import TINIEST as TINIEST_ALIGNER
from spotscribe_testing.models.tiny_aligner import WAV2VEC2_BASE, AlignerShape, tiny_aligner
from spotscribe_testing.models.tiny_whisper import (
    WHISPER_LARGE_V3_TURBO,
    WHISPER_TINY,
    WhisperShape,
    scripted_whisper,
)
from spotscribe_testing.places import SAMPLE_TEXT

MODEL = "scripted"
LANGUAGE = "en"


class Shapes(NamedTuple):
    """Sizes of the measured models, and a display name."""

    whisper: WhisperShape
    aligner: AlignerShape
    name: str


REAL_ON_GPU = Shapes(WHISPER_LARGE_V3_TURBO, WAV2VEC2_BASE, "Whisper large-v3-turbo, wav2vec2-base")
# The aligner's work is the same in service and baseline, so a small one makes differences visible.
REAL_ON_CPU = Shapes(WHISPER_TINY, TINIEST_ALIGNER, "Whisper tiny, an aligner of kilobytes")
# One token per word, so that the output has a realistic number and size of words.
TINIEST = Shapes(WhisperShape(vocabulary=2_000), TINIEST_ALIGNER, "models of kilobytes")


def real_shapes() -> Shapes:
    """Model sizes that this machine can measure in minutes."""
    import torch

    return REAL_ON_GPU if torch.cuda.is_available() else REAL_ON_CPU


def sentence() -> str:
    """Transcript of each chunk of up to 30 seconds, with about as many words as the sample in that time."""
    words = SAMPLE_TEXT.read_text().split()
    return " ".join(words + words[: len(words) // 2])


def write_models(directory: Path, shapes: Shapes) -> None:
    """Writes the models for the service, whisperX and faster-whisper."""
    scripted_whisper(directory / MODEL, sentence(), language=LANGUAGE, shape=shapes.whisper)
    tiny_aligner(directory / f"align-{LANGUAGE}", shapes.aligner)
