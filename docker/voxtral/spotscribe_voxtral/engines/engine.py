"""What a model that listens and writes is to the service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from spotscribe_audio.audio.pcm import Samples
from spotscribe_common.errors import CancelledWorkError
from spotscribe_common.work.device import Device


class CancelledGenerationError(CancelledWorkError):
    """Nobody wants the result any more."""


@dataclass(frozen=True)
class Message:
    """A turn of a conversation; its parts are texts and pieces of 16 kHz mono audio, in their order."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[str | Samples, ...]


@dataclass(frozen=True)
class Generation:
    """How an answer is to be written.

    Attributes:
        max_tokens: greatest length of the answer.
        temperature: 0 takes the likeliest tokens; above it, tokens are drawn at random.
        top_p: share of the likeliest tokens that are drawn from, 0 to 1.
        schemas: JSON schema of each conversation's answer, in their order; None permits any text, and so does
            the empty list for all of them. An engine that has no such restriction ignores it.
    """

    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    schemas: Sequence[Mapping[str, Any] | None] = ()


@dataclass(frozen=True)
class Generated:
    """An answer; `finish` is `length` where it was cut at its greatest length."""

    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int
    tokens: int


def ignore_piece(_conversation: int, _piece: str) -> None:
    """For answers that are used only as a whole: takes each piece, and does nothing."""


# Speech has up to about 6 tokens a second in English; other scripts take twice as many. What goes on longer
# than this repeats itself.
_TRANSCRIPT_TOKENS_PER_SECOND = 15
_TRANSCRIPT_TOKENS = 64


def transcript_tokens(seconds: float) -> int:
    """Greatest length of the transcript of so many seconds."""
    return _TRANSCRIPT_TOKENS + int(seconds * _TRANSCRIPT_TOKENS_PER_SECOND)


@dataclass(frozen=True)
class Capacity:
    """What fits into the memory that is free.

    Attributes:
        window_seconds: longest audio of one prompt.
        batch: prompts of that length that are worked on at once.
    """

    window_seconds: float
    batch: int


class Engine(Protocol):
    """A model that listens and writes. All that computes is called from one thread, one call at a time."""

    name: str
    model: str
    # ISO 639-1 code of the only language that it understands; None if there are several.
    only_language: str | None

    def prepare(self) -> None:
        """Imports what loading needs, before the model's files are there."""

    def load(self) -> None:
        """Brings the model into memory, from local files alone.

        Raises:
            ModelMissingError: a file is missing or corrupt; the message names it.
        """

    def device(self) -> Device:
        """What the loaded engine runs on."""

    def capacity(self, max_tokens: int, longest: float | None = None) -> Capacity:
        """What fits now, with answers of up to `max_tokens`.

        Args:
            max_tokens: greatest length of an answer.
            longest: no audio of a prompt is longer, in seconds; shorter prompts fit more often.

        Raises:
            OutOfMemoryError: not even the shortest window does.
            InternalError: the model's context has no room for such answers.
        """

    def answer(
        self,
        conversations: Sequence[Sequence[Message]],
        how: Generation,
        said: Callable[[int, str], None],
        cancelled: Callable[[], bool],
    ) -> list[Generated]:
        """The next turn of each conversation, all in one batch.

        Args:
            conversations: at most `capacity().batch` of them.
            how: of all of them.
            said: told the number of a conversation and a piece of its answer, as it is written.
            cancelled: asked before each token.

        Raises:
            CancelledGenerationError: `cancelled()` became true.
            OutOfMemoryError: the memory does not suffice.
            InternalError: the model's numbers are not finite.
            InvalidRequestError: a schema cannot be used, or the messages make no prompt, or a longer one than
                the model's context allows.
        """

    def transcribe(
        self, pieces: Sequence[Samples], language: str | None, cancelled: Callable[[], bool]
    ) -> list[Generated]:
        """The words of each piece of audio, all in one batch; in the language that is heard if none is given.

        An answer whose `finish` is `length` went on for longer than anybody speaks.

        Args:
            pieces: at most `capacity(transcript_tokens(longest), longest).batch` of them.
            language: ISO 639-1 code.
            cancelled: asked before each token.

        Raises: as `answer`.
        """
