"""OpenAI's `chunking_strategy`: `auto`, or an object in JSON or in bracketed fields."""

import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

# An hour: a longer pause or padding is a mistake.
_MOST_MS = 3_600_000
_NEITHER = 'neither "auto" nor an object in JSON'


class ServerVad(BaseModel):
    """How OpenAI's server looks for speech. Checked, and of no effect here."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    type: Literal["server_vad"]
    prefix_padding_ms: int = Field(default=300, ge=0, le=_MOST_MS)
    silence_duration_ms: int = Field(default=200, ge=0, le=_MOST_MS)
    threshold: float = Field(default=0.5, ge=0, le=1)


def _read(value: object) -> object:
    """A form's text may be an object's JSON. The union's own errors would name each of its kinds."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(_NEITHER) from None
    if isinstance(value, dict):
        return ServerVad.model_validate(value)
    if value != "auto" and not isinstance(value, ServerVad):
        raise ValueError(_NEITHER)
    return value


ChunkingStrategy = Annotated[Literal["auto"] | ServerVad, BeforeValidator(_read)]
