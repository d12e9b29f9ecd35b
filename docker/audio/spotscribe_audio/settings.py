"""Settings of every service that takes recordings."""

from pydantic import Field

from spotscribe_common.settings import ServiceSettings


class AudioSettings(ServiceSettings):
    """Settings; each is the environment variable of the same name in capitals."""

    # Longest audio accepted, in seconds.
    max_audio_seconds: float = Field(default=36_000, gt=0)
