"""The fields of OpenAI's transcription requests, and ours beside them."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from spotscribe_audio.requests.transcribe_body import RuleChoice, chosen_rules, every_rule
from spotscribe_common.contract import (
    HOTWORDS_CHARACTERS,
    LANGUAGE_CHARACTERS,
    SpeakerName,
    TranscriptionOptions,
)
from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import quoted
from spotscribe_whisper.model_names import DIARIZING, LANGUAGE_TELLING, check_model
from spotscribe_whisper.options import Options
from spotscribe_whisper.routes.chunking import ChunkingStrategy
from spotscribe_whisper.routes.translation_form import Format, TranslationForm
from spotscribe_whisper.speakers.references import (
    MOST_CHARACTERS,
    MOST_REFERENCES,
    MOST_SECONDS,
    check_one_each,
)

# As many as path 300's gateway takes; each is a field of the form.
_MOST_KEYWORDS = 100
# What can be told piece by piece.
_STREAMED: tuple[Format, ...] = ("json", "text", "diarized_json")


class TranscriptionForm(TranslationForm):
    """`POST /v1/audio/transcriptions`."""

    text_bytes: ClassVar[int] = TranslationForm.text_bytes + MOST_REFERENCES * MOST_CHARACTERS

    language: str | None = Field(
        default=None,
        max_length=LANGUAGE_CHARACTERS,
        description=(
            "ISO 639-1 code; also a name or an ISO 639-2 or 639-3 code, such as English, en-US, eng. "
            "Detected if it is left out or `auto`."
        ),
    )
    languages: list[Annotated[str, Field(max_length=LANGUAGE_CHARACTERS)]] = Field(
        default_factory=list,
        max_length=20,
        description="Detected among these; with several, the language of each segment. Excludes `language`.",
    )
    keywords: list[Annotated[str, Field(max_length=100)]] = Field(
        default_factory=list,
        max_length=_MOST_KEYWORDS,
        description="Words to listen for: `hotwords` as OpenAI names them. Excludes `hotwords`.",
    )
    timestamp_granularities: list[Literal["word", "segment"]] = Field(default_factory=list, max_length=8)
    stream: bool = False
    chunking_strategy: ChunkingStrategy | None = Field(
        default=None,
        description=(
            "`auto`, or an object of type `server_vad`, as JSON or in bracketed fields. Checked, and of no "
            "effect: windows are always cut at silences."
        ),
    )
    include: list[Annotated[str, Field(max_length=100)]] = Field(default_factory=list, max_length=8)
    known_speaker_names: list[SpeakerName] = Field(
        default_factory=list,
        max_length=20,
        description=(
            "Names for the speakers: by voice with known_speaker_references[], else in the order of their "
            "first words."
        ),
    )
    known_speaker_references: list[Annotated[str, Field(max_length=MOST_CHARACTERS)]] = Field(
        default_factory=list,
        max_length=MOST_REFERENCES,
        description=(
            "A recording of each one named, in the same order: data URLs (data:audio/wav;base64,…) of 2 to "
            f"{MOST_SECONDS:g} s and at most {MOST_CHARACTERS >> 20} MiB each. A speaker whose voice is none "
            "of them gets a letter."
        ),
    )
    diarize: bool = Field(default=False, description="Ours: says who spoke.")
    num_speakers: int | None = Field(default=None, ge=1, le=20, description="Ours: exact number of speakers.")
    min_speakers: int | None = Field(default=None, ge=1, le=20, description="Ours: least number of speakers.")
    max_speakers: int | None = Field(default=None, ge=1, le=20, description="Ours: most speakers possible.")
    speaker_cleanup: list[RuleChoice] = Field(
        default_factory=every_rule,
        max_length=10,
        description="Ours: rules by which ghosts of speakers are given to real ones; `none` keeps all.",
    )

    def take_references(self) -> Sequence[str]:
        """See :meth:`TranslationForm.take_references`.

        The form lives as long as the job, which may wait: megabytes are not kept so long.
        """
        taken, self.known_speaker_references = self.known_speaker_references, []
        return taken

    def diarizes(self) -> bool:
        """Whether voices are to be told apart, in whichever way that is said.

        With separate channels, the model and the format ask for the speakers alone, who are the channels.
        """
        wants_speakers = self.model == DIARIZING or self.response_format == "diarized_json"
        return self.diarize or (wants_speakers and self.channels == "mixed")

    def options(self, loaded: str) -> Options:
        """See :meth:`TranslationForm.options`."""
        check_model(self.model, loaded)
        self._refuse_combinations()
        asked = TranscriptionOptions.model_construct(
            language=self.language,
            languages=self.languages or None,
            track=self.track,
            channels=self.channels,
            prompt=self.prompt,
            hotwords=self._words_to_listen_for(),
            diarize=self.diarizes(),
            num_speakers=self.num_speakers,
            min_speakers=self.min_speakers,
            max_speakers=self.max_speakers,
            speaker_cleanup=chosen_rules(self.speaker_cleanup),
        )
        return Options(
            asked,
            temperature=self.temperature,
            speaker_names=self.known_speaker_names,
            hotwords_field="keywords" if self.keywords else "hotwords",
        )

    def tells_languages(self) -> bool:
        """Whether the answer lists the languages that were heard, as OpenAI's newest model does."""
        return self.model == LANGUAGE_TELLING

    def _words_to_listen_for(self) -> str | None:
        if not self.keywords:
            return self.hotwords
        if self.hotwords is not None:
            raise InvalidRequestError("keywords and hotwords exclude each other.", param="keywords")
        words = ", ".join(self.keywords)
        if len(words) > HOTWORDS_CHARACTERS:
            raise InvalidRequestError(
                f"keywords have {len(words)} characters together. At most {HOTWORDS_CHARACTERS} are taken.",
                param="keywords",
            )
        return words

    def _refuse_combinations(self) -> None:
        if self.timestamp_granularities and self.response_format != "verbose_json":
            raise InvalidRequestError(
                f"timestamp_granularities needs response_format verbose_json, not {self.response_format}.",
                param="timestamp_granularities",
            )
        if self.stream and self.response_format not in _STREAMED:
            raise InvalidRequestError(
                f"stream needs response_format {', '.join(_STREAMED)}: {self.response_format} comes whole.",
                param="stream",
            )
        if self.include:
            raise InvalidRequestError(
                f"include {quoted(self.include[0])} cannot be given: batched decoding keeps no probabilities "
                "of tokens. verbose_json has avg_logprob for each segment.",
                param="include",
            )
        if self.known_speaker_references and self.channels == "separate":
            raise InvalidRequestError(
                "known_speaker_references and channels separate exclude each other: no voices are compared. "
                "Leave the references out: the names are given in the order of the first words.",
                param="known_speaker_references",
            )
        check_one_each(self.known_speaker_names, self.known_speaker_references)
