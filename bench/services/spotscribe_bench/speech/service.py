"""The speech service as in production, with Kokoro-82M on the processor."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spotscribe_bench.service import loaded_service
from spotscribe_testing.models.kokoro_weights import kokoro_weights

MODEL = "kokoro-82m"
VOICE = "af_heart"


def write_model(folder: Path) -> Path:
    """Puts the model below the folder's `models`, and returns its own folder."""
    return kokoro_weights(folder / "models" / MODEL)


@contextmanager
def speech_service(folder: Path) -> Iterator[str]:
    """Runs the service until the block ends, and yields its URL.

    Args:
        folder: contains `models`; receives `shared`, the scratch disk and the log.
    """
    (folder / "shared").mkdir(exist_ok=True)
    settings = {"SPEECH_ENGINE": "kokoro", "SPEECH_MODEL": MODEL}
    with loaded_service("spotscribe_speech", folder, "service", **settings) as (url, _):
        yield url


def body(text: str) -> dict[str, Any]:
    """A request for speech without encoding: 16-bit samples as they are made."""
    return {"model": MODEL, "input": text, "voice": VOICE, "response_format": "pcm"}
