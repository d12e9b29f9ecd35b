"""The fields of OpenAI's translation requests, and ours beside them."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from spotscribe_common.contract import HOTWORDS_CHARACTERS, ChannelMode, TrackNumber, TranscriptionOptions
from spotscribe_common.errors import InvalidRequestError
from spotscribe_whisper.formats.cues import Layout
from spotscribe_whisper.model_names import check_model
from spotscribe_whisper.options import Options

Format = Literal["json", "text", "srt", "verbose_json", "vtt", "diarized_json"]


class TranslationForm(BaseModel):
    """`POST /v1/audio/translations`, and what a transcription has in common with it."""

    model_config = ConfigDict(extra="forbid")
    # Largest size of all fields together but the file.
    text_bytes: ClassVar[int] = 1 << 20

    model: str | None = Field(
        default=None, max_length=200, description="The loaded model's name, or one of its aliases."
    )
    prompt: str | None = Field(default=None, max_length=20_000)
    response_format: Format = "json"
    temperature: float = Field(default=0, ge=0, le=1)
    hotwords: str | None = Field(
        default=None, max_length=HOTWORDS_CHARACTERS, description="Ours: names and rare words to listen for."
    )
    track: TrackNumber | None = None
    channels: ChannelMode = Field(
        default="mixed",
        description="Ours: `separate` transcribes each channel by itself, as one speaker. No `diarize` then.",
    )
    max_line_width: int = Field(
        default=42, ge=8, le=200, description="Ours: greatest length of a subtitle's line in characters."
    )
    max_line_count: int = Field(
        default=2, ge=1, le=4, description="Ours: greatest number of a subtitle's lines."
    )
    highlight_words: bool = Field(
        default=False, description="Ours: a subtitle for each word's time, with the word underlined."
    )

    def layout(self) -> Layout:
        """How subtitles are laid out."""
        return Layout(
            max_line_width=self.max_line_width,
            max_line_count=self.max_line_count,
            highlight_words=self.highlight_words,
        )

    def tells_languages(self) -> bool:
        """Whether the answer lists the languages that were heard: a translation is English."""
        return False

    def take_references(self) -> Sequence[str]:
        """The recordings of known speakers as data URLs; the form no longer has them."""
        return ()

    def options(self, loaded: str) -> Options:
        """What is asked of the service.

        Args:
            loaded: the model that is loaded.

        Raises:
            InvalidRequestError: a combination that cannot be.
            ModelNotFoundError: the request means another model.
        """
        check_model(self.model, loaded)
        if self.response_format == "diarized_json":
            raise InvalidRequestError(
                "response_format diarized_json is for transcriptions: a translation's words have no times of "
                "their own to tell speakers by.",
                param="response_format",
            )
        asked = TranscriptionOptions.model_construct(
            task="translate",
            track=self.track,
            channels=self.channels,
            prompt=self.prompt,
            hotwords=self.hotwords,
        )
        return Options(asked, temperature=self.temperature)
