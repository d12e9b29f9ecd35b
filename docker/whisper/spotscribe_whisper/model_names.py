"""Which names of models a request may use for the one that is loaded."""

import re

from spotscribe_common.errors import ModelNotFoundError
from spotscribe_common.quoting import quoted

_LONGEST_NAME = 200
# OpenAI's names; the last one turns diarization on.
DIARIZING = "gpt-4o-transcribe-diarize"
# Tells which languages it heard.
LANGUAGE_TELLING = "gpt-transcribe"
ALIASES = (
    "whisper-1", LANGUAGE_TELLING, "gpt-4o-transcribe", "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15", DIARIZING,
)  # fmt: skip
# What publishers put around a size: openai/whisper-large-v3, Systran/faster-whisper-medium, x/…-turbo-ct2.
_PUBLISHED = re.compile(r"^(?:[\w.-]+/)?(?:faster[-_])?(?:whisper[-_])?(.+?)(?:-ct2)?$")


def check_model(name: str | None, loaded: str) -> None:
    """Refuses a name that means another model than the loaded one.

    Raises:
        ModelNotFoundError: naming the model that is loaded.
    """
    if name is None or name in ALIASES:
        return
    if len(name) <= _LONGEST_NAME and _size(name) == _size(loaded):
        return
    raise ModelNotFoundError(
        f"The model {quoted(name)} is not here. This service has loaded {loaded!r}, also known as "
        f"{', '.join(ALIASES)}.",
        param="model",
    )


def _size(name: str) -> str:
    match = _PUBLISHED.match(name.lower())
    size = name.lower() if match is None else match[1]
    # OpenAI's first large model is large-v1, its turbo was cut down from large-v3.
    return {"turbo": "large-v3-turbo"}.get(size, size)
