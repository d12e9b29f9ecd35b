"""Recordings of known speakers, sent inside the request or laid on the shared volume."""

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import BinaryIO, NamedTuple

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.requests.base64_file import write_base64
from spotscribe_common.contract import Degradation
from spotscribe_common.errors import InvalidRequestError, PermanentError
from spotscribe_whisper.options import lost_speaker

# OpenAI allows four.
MOST_REFERENCES = 10
# Base64 of 10 s of 48 kHz stereo, uncompressed, is 2.5 MB.
MOST_CHARACTERS = 3 << 20
# OpenAI asks for 2 to 10 s.
MOST_SECONDS = 30.0
_FIELD = "known_speaker_references"
# A browser calls a recording of sound alone `video/webm`, too.
_DATA_URL = re.compile(r"data:(?:audio|video)/[\w.+-]+(?:;[\w-]+=[^;,]*)*;base64,", re.ASCII | re.IGNORECASE)
_HEAD_CHARACTERS = 256

Decode = Callable[[BinaryIO, float | None], Awaitable[Pcm]]


class KnownVoices(NamedTuple):
    """The recordings that can be used, with the names of their speakers, and what is missing."""

    names: list[str]
    recordings: list[Pcm]
    lost: list[Degradation]


def check_one_each(names: Sequence[str], references: Sequence[str]) -> None:
    """Refuses references unless there are none, or one for each name.

    Raises:
        InvalidRequestError: naming the counts.
    """
    if references and len(references) != len(names):
        raise InvalidRequestError(
            f"{_FIELD} has {len(references)} entries, known_speaker_names {len(names)}. "
            "Send one recording for each name, in the same order.",
            param=_FIELD,
        )


async def shared_recordings(
    named: Iterable[tuple[str, str]], decode: Callable[[str], Awaitable[Pcm]], held: ExitStack
) -> KnownVoices:
    """Decodes recordings on the shared volume. One that cannot be used is reported, and its name is left out.

    Args:
        named: names of speakers with the paths of their recordings.
        decode: decodes the file at a path.
        held: closes the recordings.
    """
    known = KnownVoices([], [], [])
    for name, path in named:
        try:
            known.recordings.append(held.enter_context(closing(await decode(path))))
        except PermanentError as error:  # the words are worth delivering without a name
            known.lost.append(lost_speaker(name, error.message))
        else:
            known.names.append(name)
    return known


async def decoded_reference(url: str, number: int, decode: Decode, scratch: Path) -> Pcm:
    """The recording that a data URL holds. Nothing is ever fetched.

    Args:
        url: `data:audio/…;base64,…`; what it says about the type is not believed.
        number: of the recording, from 0 on, as errors name it.
        decode: decodes a file up to so many seconds.
        scratch: directory for the file, which has no name.

    Raises:
        PermanentError: not such a URL, too large, too long, or nothing that can be decoded.
        DiskFullError: the scratch disk has no room.
    """
    try:
        with tempfile.TemporaryFile(dir=scratch) as file:
            # In a thread: `/health` must be answered meanwhile.
            await asyncio.to_thread(_write_content, url, file)
            return await decode(file, MOST_SECONDS)
    except PermanentError as error:
        raise type(error)(f"{_FIELD}[{number}]: {error.message}", param=f"{_FIELD}.{number}") from None


def _write_content(url: str, file: BinaryIO) -> None:
    if len(url) > MOST_CHARACTERS:
        raise InvalidRequestError(
            f"The data URL has {len(url)} characters, and at most {MOST_CHARACTERS} are accepted. "
            "Some seconds suffice."
        )
    head = _DATA_URL.match(url, 0, _HEAD_CHARACTERS)
    if head is None:
        raise InvalidRequestError(
            f"{url[:40]!r} is not a data URL. Send data:audio/wav;base64, and then the recording in base64: "
            "nothing is fetched."
        )
    write_base64(url[head.end() :], file, "The data URL's content")
