"""The models: of real shapes, so that their time is real, but with a script instead of learning."""

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
    """What is measured, and its name for people."""

    whisper: WhisperShape
    aligner: AlignerShape
    name: str


REAL_ON_GPU = Shapes(WHISPER_LARGE_V3_TURBO, WAV2VEC2_BASE, "Whisper large-v3-turbo, wav2vec2-base")
# The aligner's work is the same in the service and beside it: a small one lets a difference show.
REAL_ON_CPU = Shapes(WHISPER_TINY, TINIEST_ALIGNER, "Whisper tiny, an aligner of kilobytes")
# A token for each word: as many words come out as people say, and weigh what they weigh.
TINIEST = Shapes(WhisperShape(vocabulary=2_000), TINIEST_ALIGNER, "models of kilobytes")


def real_shapes() -> Shapes:
    """What this machine can do in minutes."""
    import torch

    return REAL_ON_GPU if torch.cuda.is_available() else REAL_ON_CPU


def sentence() -> str:
    """What is heard in each chunk of up to 30 seconds: about as many words as the sample has in that time."""
    words = SAMPLE_TEXT.read_text().split()
    return " ".join(words + words[: len(words) // 2])


def write_models(directory: Path, shapes: Shapes) -> None:
    """Writes what the service, whisperX and faster-whisper load."""
    scripted_whisper(directory / MODEL, sentence(), language=LANGUAGE, shape=shapes.whisper)
    tiny_aligner(directory / f"align-{LANGUAGE}", shapes.aligner)
