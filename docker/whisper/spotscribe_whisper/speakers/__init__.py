"""Who spoke when: diarization, its cleanup, and the words' speakers."""

from functools import partial

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer
from spotscribe_whisper.speakers.pyannote_pipeline import load_pipeline


def make_diarizer(settings: Settings) -> Diarizer:
    """The diarizer that goes with the engine that the settings name, not yet loaded."""
    if settings.whisper_engine == "pocketsphinx":
        return NoDiarizer("the engine pocketsphinx comes without diarization. Use the engine whisperx.")
    return PyannoteDiarizer(
        models=settings.model_dir,
        scratch=settings.tmpdir,
        pipeline=partial(load_pipeline, gpu_priority=GpuPriority(settings.gpu_priority_file)),
    )
