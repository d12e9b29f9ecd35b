"""The service's settings, read from the environment by the names in `core/contract/environment.ts`."""

from typing import Literal

from pydantic import Field

from spotscribe_common.settings import ServiceSettings

_FOLDER = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class Settings(ServiceSettings):
    """Settings; each is the environment variable of the same name in capitals."""

    port: int = Field(default=8003, ge=0, le=65535)
    speech_engine: Literal["kokoro", "coqui", "espeak-ng"] = "kokoro"
    speech_model: str = Field(default="kokoro-82m", pattern=_FOLDER)
    # Folder of reference recordings whose speakers consented, below that of the models; for coqui.
    speech_voices: str | None = Field(default=None, pattern=_FOLDER)
    # `accepted` where the licence of XTTS is; for coqui.
    speech_license: str = Field(default="", max_length=100)
    # Longest text of a request, in code points. OpenAI's limit is 4,096. Longer texts are jobs.
    max_characters: int = Field(default=20_000, gt=0, le=1_000_000)
