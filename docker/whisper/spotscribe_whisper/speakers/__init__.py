"""Who spoke when: diarization, its cleanup, and the words' speakers."""

from functools import partial
from importlib.util import find_spec

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer
from spotscribe_whisper.speakers.pyannote_pipeline import load_pipeline


def make_diarizer(settings: Settings) -> Diarizer:
    """The diarizer that goes with the engine that the settings name, not yet loaded."""
    # The engine for laptops works without pyannote's packages, which bring torch.
    if settings.whisper_engine == "faster-whisper" and find_spec("pyannote") is None:
        return NoDiarizer(
            "the diarizer's packages are not installed. Install docker/whisper/requirements.production.txt "
            "in the environment of this service."
        )
    return PyannoteDiarizer(
        models=settings.model_dir,
        scratch=settings.tmpdir,
        pipeline=partial(load_pipeline, gpu_priority=GpuPriority(settings.gpu_priority_file)),
    )
