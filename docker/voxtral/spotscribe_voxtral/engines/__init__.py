"""The engines that listen and write, by name. An engine's own packages are imported when it loads."""

from spotscribe_common.work.gpu_priority import GpuPriority
from spotscribe_voxtral.engines.engine import Engine
from spotscribe_voxtral.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """The engine that the settings name, not yet loaded."""
    # Each image has one of them, and the other one's packages are not there.
    if settings.voxtral_engine == "extractive":
        from spotscribe_voxtral.engines.laptop.extractive import ExtractiveEngine  # noqa: PLC0415

        return ExtractiveEngine()
    from spotscribe_voxtral.engines.voxtral import VoxtralEngine  # noqa: PLC0415

    return VoxtralEngine(
        models=settings.model_dir,
        model=settings.voxtral_model,
        quantization=settings.voxtral_quantization,
        precision=settings.voxtral_precision,
        scratch=settings.tmpdir,
        gpu_memory_mib=settings.gpu_memory_mib,
        gpu_priority=GpuPriority(settings.gpu_priority_file),
    )
