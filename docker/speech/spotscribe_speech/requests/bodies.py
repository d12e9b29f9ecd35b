"""JSON body of a request for speech."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from spotscribe_common.contract.requests import LANGUAGE_CHARACTERS
from spotscribe_common.contract.speech import FASTEST, SLOWEST, VOICE_CHARACTERS, SpeechFormat
from spotscribe_common.errors import InvalidRequestError

# A code point, written as two escapes.
_BYTES_PER_CHARACTER = 12
# For all other fields.
_OTHER_BYTES = 256 << 10


class VoiceId(BaseModel):
    """A voice as an object, as OpenAI's newer clients may send it."""

    model_config = ConfigDict(extra="ignore")
    id: str = Field(min_length=1, max_length=VOICE_CHARACTERS)


class SpeechBody(BaseModel):
    """Body of `POST /v1/audio/speech`. Fields that OpenAI adds later are ignored."""

    model_config = ConfigDict(extra="ignore")
    model: str = Field(min_length=1, max_length=200)
    input: str = Field(min_length=1, description="The text, of at most 20,000 characters by default.")
    voice: str | VoiceId | None = Field(
        default=None,
        description="One of `GET /v1/audio/voices`, or a name of OpenAI's. Without it, the first voice.",
    )
    response_format: SpeechFormat = Field(
        default="mp3", description="`pcm` has 16-bit samples, little-endian, one channel, 24 or 22.05 kHz."
    )
    speed: float = Field(default=1.0, ge=SLOWEST, le=FASTEST, allow_inf_nan=False, strict=True)
    stream_format: Literal["audio", "sse"] = "audio"
    instructions: str | None = Field(
        default=None, description="Ignored, which the header `X-Spotscribe-Ignored` says."
    )
    language: str | None = Field(
        default=None,
        min_length=1,
        max_length=LANGUAGE_CHARACTERS,
        description="ISO 639-1 code, for voices that speak several languages. Not part of OpenAI's API.",
    )
    ssml: bool = Field(
        default=False, strict=True, description="Whether `input` is SSML. Not part of OpenAI's API."
    )

    @property
    def voice_name(self) -> str | None:
        """The voice, however it was named."""
        return self.voice.id if isinstance(self.voice, VoiceId) else self.voice


def body_bytes(most_characters: int) -> int:
    """Size that a body with so many characters may have."""
    return most_characters * _BYTES_PER_CHARACTER + _OTHER_BYTES


def check_length(text: str, most_characters: int) -> None:
    """Refuses a text that is too long for a request.

    Raises:
        InvalidRequestError: naming the limit.
    """
    if len(text) > most_characters:
        raise InvalidRequestError(
            f"input has {len(text):,} characters, and at most {most_characters:,} are accepted in a request. "
            "Split it, or create a job.",
            param="input",
        )
