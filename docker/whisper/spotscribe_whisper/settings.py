"""The service's settings, read from the environment by the names in `lambda/contract.ts`."""

import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Settings; each is the environment variable of the same name in capitals."""

    host: str = "127.0.0.1"
    port: int = Field(default=8001, ge=0, le=65535)
    # Scratch space for uploads and decoded audio.
    tmpdir: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()))
    shared_audio: Path = Path("/shared-audio")
    model_dir: Path = Path("/models")
    whisper_engine: Literal["whisperx", "pocketsphinx"] = "whisperx"
    whisper_model: str = Field(default="large-v3-turbo", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    whisper_compute_type: Literal["auto", "int8_float16", "float16", "int8", "int8_float32", "float32"] = (
        "auto"
    )
    # Longest audio accepted, in seconds.
    max_audio_seconds: float = Field(default=36_000, gt=0)
    # Largest multipart upload, in bytes.
    max_upload_bytes: int = Field(default=5 << 30, gt=0)
    # Requests that may wait while one is worked on.
    max_waiting: int = Field(default=16, ge=0)
    # File with the SHA-256 of each accepted key, in hex, a line each; without one every caller is let in.
    api_keys_file: Path | None = None
    # Time that a running request gets after SIGTERM, in seconds.
    stop_seconds: int = Field(default=20, ge=1, le=110)
