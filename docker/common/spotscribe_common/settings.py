"""Settings of every model service, from the environment, by the names in `core/contract/environment.ts`."""

import tempfile
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class ServiceSettings(BaseSettings):
    """Settings; each is the environment variable of the same name in capitals."""

    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    # Scratch space, for uploads and what is made of them.
    tmpdir: Path = Field(default_factory=lambda: Path(tempfile.gettempdir()))
    # Where the worker lays the input of jobs.
    shared_audio: Path = Path("/shared-audio")
    model_dir: Path = Path("/models")
    # Name of the file there that exists when the machine has fetched all models. Without one, they are there.
    models_mark: str | None = None
    # File that model services on one GPU share: who goes first locks it while it computes.
    gpu_priority_file: Path | None = None
    # Largest multipart upload, in bytes.
    max_upload_bytes: int = Field(default=5 << 30, gt=0)
    # Bodies that are received at once, and the greatest size in bytes of all that are still needed.
    max_receiving: int = Field(default=128, gt=0)
    max_receiving_bytes: int = Field(default=10 << 30, gt=0)
    # Requests that may wait while one is worked on.
    max_waiting: int = Field(default=16, ge=0)
    # File with the SHA-256 of each accepted key, in hex, a line each; without one every caller is let in.
    api_keys_file: Path | None = None
    # Time without a step of the model's work after which it counts as stuck, in seconds; after twice that the
    # process ends. Without it, by what the model runs on: 300 on a GPU, 900 on a processor.
    stuck_seconds: float | None = Field(default=None, gt=0)
    # The same for the model's loading, which is one step.
    load_seconds: float = Field(default=450, gt=0)
    # Origins whose pages may call the service, separated by commas; `*` for all. Without one, no page may.
    allowed_origins: str = ""
    # Time that a running request gets after SIGTERM, in seconds.
    stop_seconds: int = Field(default=20, ge=1, le=110)

    @property
    def origins(self) -> list[str]:
        """The allowed origins."""
        return [origin.strip() for origin in self.allowed_origins.split(",") if origin.strip()]
