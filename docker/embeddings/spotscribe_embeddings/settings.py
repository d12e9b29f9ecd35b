"""The service's settings, read from the environment by the names in `core/contract/environment.ts`."""

from typing import Literal

from pydantic import Field

from spotscribe_common.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings; each is the environment variable of the same name in capitals."""

    port: int = Field(default=8002, ge=0, le=65535)
    embedding_engine: Literal["sentence-transformers", "minilm"] = "sentence-transformers"
    embedding_model: str = Field(default="instructor-xl", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    embedding_precision: Literal["auto", "float32", "float16"] = "auto"
    # Requests are small, and many share a batch.
    max_waiting: int = Field(default=4096, ge=0)
    # Tokens of all requests that wait.
    max_waiting_tokens: int = Field(default=4_000_000, gt=0)
    # Tokens of a batch, padding included. By default 16,384 on a GPU and 2,048 on a processor.
    batch_tokens: int | None = Field(default=None, gt=0)
    # Size of the vectors in one file of a corpus.
    part_bytes: int = Field(default=4 << 20, gt=0)
