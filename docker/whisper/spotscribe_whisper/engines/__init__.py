"""The speech engines, by name. An engine's own packages are imported when it loads, not before."""

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.engines.faster_whisper import FasterWhisperEngine
from spotscribe_whisper.engines.whisperx import WhisperxEngine
from spotscribe_whisper.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """The engine that the settings name, not yet loaded."""
    if settings.whisper_engine == "faster-whisper":
        return FasterWhisperEngine()
    return WhisperxEngine(
        models=settings.model_dir,
        model=settings.whisper_model,
        compute_type=settings.whisper_compute_type,
        scratch=settings.tmpdir,
        gpu_priority=GpuPriority(settings.gpu_priority_file),
    )
