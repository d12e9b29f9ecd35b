"""An answer in a conversation, piece by piece."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_common.errors import AudioTooLongError, NoJsonError
from spotscribe_voxtral.chat.json_form import JsonForm
from spotscribe_voxtral.engines.engine import Engine, Generated, Generation, Message, ignore_piece
from spotscribe_voxtral.engines.memory_budget import CHUNK_SECONDS

# Below it, the likeliest word is as good as certain, and numbers divided by it overflow.
_LEAST_TEMPERATURE = 0.01

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Turn:
    """A message; its audio still lies on the disk."""

    role: Role
    parts: tuple[str | Pcm, ...]


@dataclass(frozen=True)
class ChatOrder:
    """What is to be answered, and how.

    Attributes:
        turns: the conversation; the last one is not the assistant's.
        max_tokens: greatest length of the answer.
        temperature: see :class:`spotscribe_voxtral.engines.engine.Generation`.
        top_p: as above.
        json: the form of an answer that is to be JSON.
    """

    turns: Sequence[Turn]
    max_tokens: int
    temperature: float
    top_p: float
    json: JsonForm | None = None

    @property
    def lacks_audio(self) -> bool:
        """Whether a recording lacks something, such as its end."""
        parts = (part for turn in self.turns for part in turn.parts)
        return any(isinstance(part, Pcm) and part.degraded for part in parts)


@dataclass(frozen=True)
class ChatBegun:
    """The model has the conversation and begins to answer."""


@dataclass(frozen=True)
class ChatSaid:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class ChatWritten:
    """The whole answer, and the tokens that it took."""

    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int
    tokens: int


ChatEvent = ChatBegun | ChatSaid | ChatWritten


def write_answer(
    engine: Engine, order: ChatOrder, emit: Callable[[ChatEvent], None], cancelled: Callable[[], bool]
) -> None:
    """Emits all events; the last one is the whole answer.

    An answer that is to be JSON is told in one piece, as it is checked before. If the model writes none, also
    when asked again, that is an error; one that is cut at its greatest length is told as it is.

    Raises:
        AudioTooLongError: the audio does not fit into one prompt.
        CancelledGenerationError: `cancelled()` became true.
        NoJsonError: the answer is to be JSON, and is none.
        ServiceError: as the engine raises it.
    """
    _check_length(engine, order)
    conversation = _conversation(order)
    likeliest = order.temperature < _LEAST_TEMPERATURE
    how = Generation(order.max_tokens, 0.0 if likeliest else order.temperature, order.top_p)
    emit(ChatBegun())
    if order.json is not None:
        generated = _json_object(engine, conversation, order.json, how, cancelled)
        emit(ChatSaid(generated.text))
    else:
        [generated] = engine.answer(
            [conversation], how, lambda _number, piece: emit(ChatSaid(piece)), cancelled
        )
    emit(ChatWritten(generated.text, generated.finish, generated.prompt_tokens, generated.tokens))


def too_long(what: str, most_seconds: float) -> AudioTooLongError:
    """The error for audio that is longer than one prompt can have."""
    return AudioTooLongError(
        f"{what} is longer than the {most_seconds:g} s that one conversation can have here. Send less, or "
        "have all of it worked through with POST /analyze."
    )


def _check_length(engine: Engine, order: ChatOrder) -> None:
    lengths = [part.duration for turn in order.turns for part in turn.parts if isinstance(part, Pcm)]
    if not lengths:
        return
    most = engine.capacity(order.max_tokens).window_seconds
    # Each piece of audio is filled up to whole pieces of the encoder's length.
    filled = sum(math.ceil(length / CHUNK_SECONDS) * CHUNK_SECONDS for length in lengths)
    if sum(lengths) > most or (len(lengths) > 1 and filled > most):
        raise too_long(f"The audio of {sum(lengths):.1f} s in {len(lengths)} pieces", most)


def _conversation(order: ChatOrder) -> list[Message]:
    return [
        Message(
            turn.role,
            tuple(part if isinstance(part, str) else part.read(0, part.duration) for part in turn.parts),
        )
        for turn in order.turns
    ]


def _json_object(
    engine: Engine,
    conversation: list[Message],
    form: JsonForm,
    how: Generation,
    cancelled: Callable[[], bool],
) -> Generated:
    """The object alone, asked for once more if the engine does not restrict its answers to the form."""
    how = replace(how, schemas=[form.schema])
    conversation = form.told(conversation)
    [first] = engine.answer([conversation], how, ignore_piece, cancelled)
    found = form.read(first)
    if isinstance(found, Generated):
        return found
    told = f"That cannot be used. {found} Write the JSON object again, right and complete."
    again = [*conversation, Message("assistant", (first.text or "(nothing)",)), Message("user", (told,))]
    [second] = engine.answer([again], how, ignore_piece, cancelled)
    found = form.read(second)
    if isinstance(found, Generated):
        return replace(
            found,
            prompt_tokens=first.prompt_tokens + second.prompt_tokens,
            tokens=first.tokens + second.tokens,
        )
    raise NoJsonError(
        "The model's answer was not a JSON object of the requested form, also when asked again. Say in "
        "the prompt what it is to contain."
    )
