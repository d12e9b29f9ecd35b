"""Who spoke when: diarization, its cleanup, and the words' speakers."""

from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer


def make_diarizer(settings: Settings) -> Diarizer:
    """The diarizer that goes with the engine that the settings name, not yet loaded."""
    if settings.whisper_engine == "pocketsphinx":
        return NoDiarizer("the engine pocketsphinx comes without diarization. Use the engine whisperx.")
    return PyannoteDiarizer(models=settings.model_dir, scratch=settings.tmpdir)
