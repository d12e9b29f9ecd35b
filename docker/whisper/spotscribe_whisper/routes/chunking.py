"""OpenAI's `chunking_strategy`: `auto`, or an object in JSON or in bracketed fields."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# An hour: a longer pause or padding is a mistake.
_MOST_MS = 3_600_000


class ServerVad(BaseModel):
    """How OpenAI's server looks for speech. Checked, and of no effect here."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    type: Literal["server_vad"]
    prefix_padding_ms: int = Field(default=300, ge=0, le=_MOST_MS)
    silence_duration_ms: int = Field(default=200, ge=0, le=_MOST_MS)
    threshold: float = Field(default=0.5, ge=0, le=1)


def _read(value: object) -> object:
    """A form's text may be an object's JSON."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value
    try:
        found: object = json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError('neither "auto" nor an object in JSON') from None
    return found


ChunkingStrategy = Annotated[Literal["auto"] | ServerVad, BeforeValidator(_read)]
