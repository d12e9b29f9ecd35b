"""Engines: what speaks."""

from spotscribe_speech.engines.coqui import CoquiEngine
from spotscribe_speech.engines.engine import Engine
from spotscribe_speech.engines.espeak import EspeakEngine
from spotscribe_speech.engines.kokoro.engine import KokoroEngine
from spotscribe_speech.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """The engine of the settings, not yet loaded."""
    if settings.speech_engine == "espeak-ng":
        return EspeakEngine()
    if settings.speech_engine == "coqui":
        return CoquiEngine(
            settings.model_dir,
            settings.speech_model,
            voices=settings.speech_voices,
            is_license_accepted=settings.speech_license == "accepted",
        )
    return KokoroEngine(settings.model_dir / settings.speech_model, settings.speech_model)
