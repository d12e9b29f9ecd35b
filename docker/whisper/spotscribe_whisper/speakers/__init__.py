"""Who spoke when: diarization, its cleanup, and the words' speakers."""

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer
from spotscribe_whisper.speakers.open_weights.loading import OPEN
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer
from spotscribe_whisper.speakers.pyannote_pipeline import COMMUNITY, is_installed


def make_diarizer(settings: Settings) -> Diarizer:
    """The diarizer of this machine, not yet loaded. A laptop's engine has one if its packages are there."""
    if settings.whisper_engine == "faster-whisper" and not is_installed():
        return NoDiarizer(
            "the diarizer's packages are not installed. Install docker/whisper/requirements.production.txt "
            "in the environment of this service."
        )
    return PyannoteDiarizer(
        models=settings.model_dir,
        scratch=settings.tmpdir,
        # The community pipeline is there if the deployment has a token of the hub.
        choices=(COMMUNITY, OPEN),
        gpu_priority=GpuPriority(settings.gpu_priority_file),
    )
