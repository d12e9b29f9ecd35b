"""From a request's body to a conversation whose audio is decoded: it is anybody's, and not believed."""

import tempfile
from contextlib import ExitStack
from typing import BinaryIO, NamedTuple

from fastapi import Request

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.requests.base64_file import write_base64
from spotscribe_common.errors import AudioTooLongError, PermanentError
from spotscribe_common.receiving.body import Body
from spotscribe_common.requests.json_text import parsed_json
from spotscribe_voxtral.chat.answer import ChatOrder, Role, Turn, too_long
from spotscribe_voxtral.chat.request import ChatRequest, TextPart, check_chat
from spotscribe_voxtral.engines.memory_budget import LONGEST_WINDOW_SECONDS
from spotscribe_voxtral.model_names import check_model
from spotscribe_voxtral.service import VoxtralService

# Base64 of 48 MiB of audio: five minutes of 48 kHz stereo without compression, hours with it.
BODY_BYTES = 64 << 20


class _Said(NamedTuple):
    """A message whose audio lies in files."""

    role: Role
    parts: list[str | BinaryIO]


async def read_chat(
    body: Body, request: Request, service: VoxtralService, held: ExitStack
) -> tuple[ChatRequest, ChatOrder]:
    """Reads, checks and decodes.

    Args:
        body: of the request, in JSON.
        request: ends the decoding when its client leaves.
        service: whose decoders decode.
        held: closes the decoded audio.

    Returns:
        The request without its messages, and what is to be answered.

    Raises:
        ServiceError: a bad field, or bad audio.
    """
    with ExitStack() as files:
        asked, said = await service.one_at_a_time(lambda: _taken_apart(body, service, files))
        recordings = _Recordings(request, service, held)
        turns = [await recordings.turn(at, message) for at, message in enumerate(said)]
    return asked, ChatOrder(
        turns,
        max_tokens=asked.answer_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        json=asked.response_format.form(),
    )


def _taken_apart(body: Body, service: VoxtralService, files: ExitStack) -> tuple[ChatRequest, list[_Said]]:
    asked = parsed_json(b"" if body.json is None else body.json.read(), ChatRequest)
    check_model(asked.model, service.engine.model)
    check_chat(asked)
    said: list[_Said] = []
    for at, message in enumerate(asked.messages):
        parts: list[str | BinaryIO] = []
        for number, part in enumerate(message.content):
            if isinstance(part, TextPart):
                parts.append(part.text)
                continue
            file = tempfile.TemporaryFile(dir=service.settings.tmpdir)  # noqa: SIM115 - closed by `files`
            files.enter_context(file)
            named = f"messages.{at}.content.{number}.input_audio.data"
            try:
                write_base64(part.input_audio.data, file, "It")
            except PermanentError as error:
                raise type(error)(f"{named}: {error.message}", param=named) from None
            parts.append(file)
        # OpenAI's newer name of the same.
        said.append(_Said("system" if message.role == "developer" else message.role, parts))
    # The request lives as long as the answer is sent.
    asked.messages = []
    return asked, said


class _Recordings:
    """Decodes one conversation's audio, and no more of it in all than one prompt can have."""

    def __init__(self, request: Request, service: VoxtralService, held: ExitStack) -> None:
        self._request = request
        self._service = service
        self._held = held
        # Seconds.
        self._room = float(LONGEST_WINDOW_SECONDS)

    async def turn(self, at: int, message: _Said) -> Turn:
        """The message of that place in the conversation, with its audio decoded."""
        parts: list[str | Pcm] = []
        for number, part in enumerate(message.parts):
            named = f"messages.{at}.content.{number}.input_audio"
            parts.append(part if isinstance(part, str) else await self._decoded(part, named))
        return Turn(message.role, tuple(parts))

    async def _decoded(self, file: BinaryIO, named: str) -> Pcm:
        longest = self._service.settings.max_audio_seconds
        try:
            pcm = await self._service.decode_for(self._request, file, self._room, self._held)
        except AudioTooLongError:
            most = LONGEST_WINDOW_SECONDS if self._room < longest else longest
            raise too_long("The audio", most) from None
        except PermanentError as error:
            raise type(error)(f"{named}: {error.message}", param=named) from None
        self._room -= pcm.duration
        return pcm
