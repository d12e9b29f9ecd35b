"""The service's settings, read from the environment by the names in `core/contract/environment.ts`."""

from typing import Literal

from pydantic import Field

from spotscribe_audio.settings import AudioSettings


class Settings(AudioSettings):
    """Settings; each is the environment variable of the same name in capitals."""

    port: int = Field(default=8000, ge=0, le=65535)
    voxtral_engine: Literal["voxtral", "extractive"] = "voxtral"
    voxtral_model: str = Field(default="Voxtral-Mini-3B-2507", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    voxtral_quantization: Literal["auto", "none", "nf4"] = "auto"
    voxtral_precision: Literal["auto", "float16", "float32"] = "auto"
    # Most memory of the GPU that this process may take, in MiB; without it, all that is free.
    gpu_memory_mib: int | None = Field(default=None, gt=0)
