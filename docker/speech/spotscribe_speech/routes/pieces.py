"""How audio is written to an answer: as it is, or as OpenAI's server-sent events."""

import base64
from typing import Literal, Protocol

from pydantic import BaseModel

from spotscribe_common.contract import Failed
from spotscribe_common.http.http_errors import job_error
from spotscribe_common.http.server_sent import KEEP_ALIVE, SSE, failure_sent, sent


class Pieces(Protocol):
    """How pieces of audio are written to the answer."""

    @property
    def media_type(self) -> str | None:
        """Of the answer; None for that of the audio."""

    def piece(self, audio: bytes) -> bytes:
        """A piece of audio."""

    def end(self) -> bytes:
        """After all audio."""

    def silence(self) -> bytes:
        """What keeps a connection open; empty if nothing can."""

    def failure(self, error: Exception) -> bytes:
        """Says what went wrong; empty if it cannot be said."""


class AudioPieces:
    """The audio itself."""

    media_type = None

    def piece(self, audio: bytes) -> bytes:
        """Nothing but the audio."""
        return audio

    def end(self) -> bytes:
        """Nothing."""
        return b""

    silence = end

    def failure(self, error: Exception) -> bytes:  # noqa: ARG002
        """Nothing: the connection is cut, so that the client sees that the end is missing."""
        return b""


class _Delta(BaseModel):
    type: Literal["speech.audio.delta"] = "speech.audio.delta"
    audio: str


class _Usage(BaseModel):
    input_tokens: int
    output_tokens: int
    total_tokens: int


class _Done(BaseModel):
    type: Literal["speech.audio.done"] = "speech.audio.done"
    usage: _Usage


class EventPieces:
    """Server-sent events as OpenAI has them.

    Args:
        characters: code points of the text. Its voices read no tokens, so these are counted as such.
    """

    media_type = SSE

    def __init__(self, characters: int) -> None:
        self._characters = characters

    def piece(self, audio: bytes) -> bytes:
        """The audio in base64."""
        return sent(_Delta(audio=base64.b64encode(audio).decode()).model_dump_json()).encode()

    def end(self) -> bytes:
        """How much was spoken."""
        count = self._characters
        usage = _Usage(input_tokens=count, output_tokens=0, total_tokens=count)
        return sent(_Done(usage=usage).model_dump_json()).encode()

    def silence(self) -> bytes:
        """A comment."""
        return KEEP_ALIVE.encode()

    def failure(self, error: Exception) -> bytes:
        """The error as an event."""
        return failure_sent(Failed(error=job_error(error))).encode()
