"""Speech that is sent while it is made."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from spotscribe_common.errors import InvalidRequestError
from spotscribe_speech.engines.engine import Samples, Voice
from spotscribe_speech.text.plan import Plan, Sentence

# A first sentence that is longer is cut, so that the speech begins early.
_LONG_START = 80
# The cut is at the first punctuation after so many characters. Shorter pieces have no intonation.
_LEAST_START = 20
_CUT = re.compile(r"[,;:—\u2013](?=\s)")
# What a reader of the whole sentence pauses there, in seconds.
_CUT_PAUSE = 0.15
# Sentences that are made before somebody takes them. With one, the model works while the last is encoded.
_AHEAD = 1


class Speaker(Protocol):
    """Who speaks sentences: the service."""

    async def speak(
        self, sentence: Sentence, voice: Voice, language: str, speed: float, *, is_patient: bool
    ) -> Samples:
        """One sentence and its pause."""


@dataclass(frozen=True)
class Spoken:
    """What is spoken, and how.

    Attributes:
        plan: its sentences.
        voice: one of the engine's.
        language: one of the voice's.
        speed: 0.25 to 4.
    """

    plan: Plan
    voice: Voice
    language: str
    speed: float


async def live(speaker: Speaker, spoken: Spoken) -> AsyncGenerator[Samples, None]:
    """The sentences as they are spoken, at most :data:`_AHEAD` before they are taken.

    Closing the iterator stops the work. Sentences without a sound are passed over.

    Raises:
        InvalidRequestError: no sentence has a sound.
        ServiceError: what the speaker raises.
    """
    ready: asyncio.Queue[Samples | Exception | None] = asyncio.Queue(_AHEAD)
    making = asyncio.ensure_future(_make(speaker, spoken, ready))
    try:
        while (found := await ready.get()) is not None:
            if isinstance(found, Exception):
                raise found
            yield found
    finally:
        making.cancel()
        with suppress(asyncio.CancelledError):
            await making


async def _make(speaker: Speaker, spoken: Spoken, ready: asyncio.Queue[Samples | Exception | None]) -> None:
    silent: Exception | None = None
    has_sound = False
    try:
        for sentence in early(spoken.plan.sentences):
            try:
                samples = await speaker.speak(
                    sentence, spoken.voice, spoken.language, spoken.speed, is_patient=False
                )
            except InvalidRequestError as error:
                silent = error
                continue
            has_sound = has_sound or bool(sentence.text)
            await ready.put(samples)
    except Exception as error:
        await ready.put(error)
    else:
        await ready.put(None if has_sound or silent is None else silent)


def early(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences, with a short piece of the first one at the beginning if that is long."""
    first, *others = sentences
    found = _CUT.search(first.text, _LEAST_START) if len(first.text) > _LONG_START else None
    if found is None:
        return list(sentences)
    start, rest = first.text[: found.end()], first.text[found.end() :].strip()
    if not rest:
        return list(sentences)
    characters = round(first.characters * len(start) / len(first.text))
    return [
        replace(first, text=start, pause=_CUT_PAUSE, characters=characters),
        replace(first, text=rest, characters=first.characters - characters),
        *others,
    ]
