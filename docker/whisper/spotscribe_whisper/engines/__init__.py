"""The speech engines, by name. An engine's own packages are imported when it loads, not before."""

from spotscribe_whisper.engines.engine import Engine
from spotscribe_whisper.engines.pocketsphinx import PocketsphinxEngine
from spotscribe_whisper.settings import Settings


def make_engine(settings: Settings) -> Engine:
    """The engine that the settings name, not yet loaded."""
    return PocketsphinxEngine()
