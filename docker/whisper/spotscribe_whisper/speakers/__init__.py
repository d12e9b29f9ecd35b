"""Who spoke when: diarization, its cleanup, and the words' speakers."""

from pathlib import Path

from spotscribe_audio.packaged_models import link_packaged
from spotscribe_common.errors import ModelMissingError
from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.settings import Settings
from spotscribe_whisper.speakers.diarizer import Diarizer
from spotscribe_whisper.speakers.no_diarizer import NoDiarizer
from spotscribe_whisper.speakers.open_weights.loading import OPEN
from spotscribe_whisper.speakers.pyannote import PyannoteDiarizer
from spotscribe_whisper.speakers.pyannote_pipeline import COMMUNITY, is_installed


def make_diarizer(settings: Settings) -> Diarizer:
    """The diarizer of this machine, not yet loaded.

    Laptops have one if its packages are installed; its weights are in one of them.
    """
    if settings.whisper_engine != "faster-whisper":
        return _pyannote(settings, settings.model_dir)
    if not is_installed():
        return NoDiarizer(
            "the diarizer's packages are not installed. Start the local AWS with --diarize, or install "
            "docker/whisper/requirements.speakers.txt in the environment of this service."
        )
    models = settings.tmpdir / "packaged-models"
    try:
        link_packaged(OPEN.model, models / OPEN.model)
    except ModelMissingError as error:
        return NoDiarizer(error.message)
    return _pyannote(settings, models)


def _pyannote(settings: Settings, models: Path) -> Diarizer:
    return PyannoteDiarizer(
        models=models,
        scratch=settings.tmpdir,
        # The community pipeline is there if the deployment has a token of the hub.
        choices=(COMMUNITY, OPEN),
        gpu_priority=GpuPriority(settings.gpu_priority_file),
    )
