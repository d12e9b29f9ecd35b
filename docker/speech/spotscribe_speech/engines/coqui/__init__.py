"""XTTS v2 through the package `coqui-tts`."""

from spotscribe_speech.engines.coqui.engine import CoquiEngine

__all__ = ["CoquiEngine"]
