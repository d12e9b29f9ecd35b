"""The body of `POST /transcribe`: JSON that names a file on the shared volume, or an upload."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import BinaryIO, Literal, NamedTuple

from pydantic import Field

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.requests.openapi import form_schema
from spotscribe_common.contract import (
    SPEAKER_RULES,
    Degradation,
    Segment,
    SpeakerRule,
    TranscribeRequest,
    TranscriptionOptions,
)
from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.http.openapi import json_schema
from spotscribe_common.receiving.body import JSON, MULTIPART, Accepted, Body
from spotscribe_common.requests.bodies import json_body, uploaded
from spotscribe_common.requests.shared_files import open_shared
from spotscribe_common.settings import ServiceSettings

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

    speaker_cleanup: list[RuleChoice] = Field(  # type: ignore[assignment]
        default_factory=every_rule, max_length=10
    )


class TranscribeBody(NamedTuple):
    """What the body says.

    Attributes:
        file: the media.
        asked: what the caller chose.
        max_seconds: the caller's own cap.
        start_at: seconds at which to begin.
        earlier: what was heard before `start_at`.
        earlier_degraded: what that lacks.
        recordings: paths of recordings of the known speakers.
    """

    file: BinaryIO
    asked: TranscriptionOptions
    max_seconds: float | None = None
    start_at: float = 0.0
    earlier: Sequence[Segment] = ()
    earlier_degraded: Sequence[Degradation] = ()
    recordings: Sequence[str] = ()


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


def transcribe_accepted(settings: ServiceSettings) -> Accepted:
    """The bodies that the route takes."""
    return Accepted(json=_JSON_BYTES, form=settings.max_upload_bytes)


async def transcribe_body(body: Body, settings: ServiceSettings, opened: AsyncExitStack) -> TranscribeBody:
    """Reads what has come; `opened` closes a file of the shared volume.

    Raises:
        ServiceError: a bad field, or no such file.
    """
    if body.form is not None:
        upload, chosen = await uploaded(body.form, TranscribeForm)
        rules = chosen_rules(chosen.speaker_cleanup)
        return TranscribeBody(upload, chosen.model_copy(update={"speaker_cleanup": rules}))
    asked = await json_body(body, TranscribeRequest)
    file = opened.enter_context(open_shared(settings.shared_audio, asked.path))
    return TranscribeBody(
        file,
        asked,
        asked.max_seconds,
        asked.start_at,
        asked.earlier,
        asked.earlier_degraded,
        asked.known_speaker_references,
    )


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
