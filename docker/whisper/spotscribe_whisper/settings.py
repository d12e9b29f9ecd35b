"""The service's settings, read from the environment by the names in `core/contract/environment.ts`."""

from typing import Literal

from pydantic import Field

from spotscribe_audio.settings import AudioSettings


class Settings(AudioSettings):
    """Settings; each is the environment variable of the same name in capitals."""

    port: int = Field(default=8001, ge=0, le=65535)
    whisper_engine: Literal["whisperx", "faster-whisper"] = "whisperx"
    whisper_model: str = Field(default="large-v3-turbo", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    whisper_compute_type: Literal["auto", "int8_float16", "float16", "int8", "int8_float32", "float32"] = (
        "auto"
    )
