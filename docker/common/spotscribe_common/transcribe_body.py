"""The body of `POST /transcribe`: JSON that names a file on the shared volume, or an upload."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import BinaryIO, Literal, NamedTuple

from fastapi import Request
from pydantic import Field

from spotscribe_common.bodies import JSON, MULTIPART, content_type, json_body, uploaded
from spotscribe_common.contract import (
    SPEAKER_RULES,
    Degradation,
    Segment,
    SpeakerRule,
    TranscribeRequest,
    TranscriptionOptions,
)
from spotscribe_common.errors import InvalidRequestError, UnsupportedMediaError
from spotscribe_common.openapi import form_schema, json_schema
from spotscribe_common.pcm import Pcm
from spotscribe_common.settings import ServiceSettings
from spotscribe_common.shared_files import open_shared

# What ten hours' words with their times weigh, almost twice over: a resumed job sends those it has.
# English takes 7.5 MB; Japanese, where each character is a word, 13 MB.
_JSON_BYTES = 24 << 20
# A form cannot say "an empty list".
RuleChoice = SpeakerRule | Literal["none"]


def every_rule() -> list[RuleChoice]:
    """What is chosen where nothing is said."""
    return [*SPEAKER_RULES]


def chosen_rules(choices: Sequence[RuleChoice]) -> list[SpeakerRule]:
    """The rules of a form's field."""
    return [choice for choice in choices if choice != "none"]


class TranscribeForm(TranscriptionOptions):
    """The fields of an upload beside its `file`."""

    speaker_cleanup: list[RuleChoice] = Field(default_factory=every_rule)  # type: ignore[assignment]


class TranscribeBody(NamedTuple):
    """What the body says.

    Attributes:
        file: the media.
        asked: what the caller chose.
        max_seconds: the caller's own cap.
        start_at: seconds at which to begin.
        earlier: what was heard before `start_at`.
        earlier_degraded: what that lacks.
    """

    file: BinaryIO
    asked: TranscriptionOptions
    max_seconds: float | None = None
    start_at: float = 0.0
    earlier: Sequence[Segment] = ()
    earlier_degraded: Sequence[Degradation] = ()


# For the description of the API.
TRANSCRIBE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": json_schema(TranscribeRequest)},
            MULTIPART: {"schema": form_schema(TranscribeForm)},
        },
    }
}


async def transcribe_body(
    request: Request, settings: ServiceSettings, opened: AsyncExitStack
) -> TranscribeBody:
    """Reads it; `opened` closes the file.

    Raises:
        UnsupportedMediaError: neither JSON nor multipart.
        ServiceError: a bad field, no such file, or more bytes than are accepted.
    """
    kind = content_type(request)
    if kind == JSON:
        asked = await json_body(request, TranscribeRequest, most=_JSON_BYTES)
        file = opened.enter_context(open_shared(settings.shared_audio, asked.path))
        return TranscribeBody(
            file, asked, asked.max_seconds, asked.start_at, asked.earlier, asked.earlier_degraded
        )
    if kind == MULTIPART:
        upload, chosen = await uploaded(request, TranscribeForm, settings.max_upload_bytes, opened)
        rules = chosen_rules(chosen.speaker_cleanup)
        return TranscribeBody(upload, chosen.model_copy(update={"speaker_cleanup": rules}))
    raise UnsupportedMediaError(f"The content type {kind!r} is not accepted. Send {MULTIPART} or {JSON}.")


def check_start(start_at: float, pcm: Pcm) -> None:
    """Refuses to begin behind the audio's end.

    Raises:
        InvalidRequestError: `start_at`, in seconds, is greater than the audio's length.
    """
    # The end of the last window is told in milliseconds, which may round it past the last sample.
    if start_at > pcm.duration + 0.001:
        raise InvalidRequestError(
            f"start_at is {start_at:g} s and the audio ends at {pcm.duration:g} s.", param="start_at"
        )
