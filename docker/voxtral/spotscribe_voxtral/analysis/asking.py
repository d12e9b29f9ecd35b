"""Asks the model in batches, once more if an answer cannot be used, and with less at once out of memory.

An engine that restricts answers to JSON schemas writes no other form. A second question is left for an answer
that was cut, and for engines without that restriction.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from spotscribe_audio.audio.pcm import Samples
from spotscribe_common.errors import CancelledWorkError, OutOfMemoryError, ServiceError
from spotscribe_common.work.device import is_device_lost
from spotscribe_voxtral.analysis.json_answer import UnusableAnswerError, read_answer
from spotscribe_voxtral.analysis.shapes import Written, answer_schema
from spotscribe_voxtral.engines.batch_size import BatchSize
from spotscribe_voxtral.engines.engine import (
    CancelledGenerationError,
    Engine,
    Generated,
    Generation,
    Message,
    ignore_piece,
)

_log = logging.getLogger(__name__)
# Room for as many entries with their quotes as the tasks allow.
ANSWER_TOKENS = 1536
# The likeliest words: the same recording gets the same analysis.
_FIRST = Generation(max_tokens=ANSWER_TOKENS)
# The likeliest words led nowhere: drawn ones, as the model's card recommends for questions about audio.
_AGAIN = Generation(max_tokens=ANSWER_TOKENS, temperature=0.2, top_p=0.95)
_SHORTER = "Be brief: only what matters most, nothing twice, and at most 15 words in any text."
_ENDLESS = "the model wrote without end, also when asked for less."
_SHAPELESS = "the model's answer was no JSON of the wanted shape, also when asked again."

Answer = TypeVar("Answer", bound=Written)
Conversation = list[Message]


@dataclass(frozen=True)
class Ask(Generic[Answer]):
    """A question to the model, and the shape of its answer."""

    parts: tuple[str | Samples, ...]
    shape: type[Answer]


@dataclass(frozen=True)
class Refused:
    """Why there is no answer, as a sentence for people."""

    reason: str


@dataclass(frozen=True)
class _Unusable:
    reason: str
    again: Conversation


@dataclass(frozen=True)
class _Put:
    """What is put to the model, and the JSON schema of what it is to write."""

    conversation: Conversation
    schema: dict[str, Any]


class Asker:
    """Asks one model on behalf of one recording.

    Args:
        engine: the model.
        batch: how much is asked at once.
        cancelled: asked before each batch, and by the engine.

    """

    def __init__(self, engine: Engine, batch: int, cancelled: Callable[[], bool]) -> None:
        self._engine = engine
        self._cancelled = cancelled
        self._size = BatchSize(batch)

    @property
    def batch(self) -> int:
        """How much is asked at once; halved once out of memory, for good."""
        return self._size.now

    def answers(self, asks: Sequence[Ask[Answer]]) -> list[Answer | Refused]:
        """One answer for each, in their order.

        Raises:
            CancelledWorkError: `cancelled()` became true.
            OutOfMemoryError: also with half the batch.
        """
        written = self._written([_put(ask, _conversation(ask)) for ask in asks], _FIRST)
        answers = [_read(ask, text) for ask, text in zip(asks, written, strict=True)]
        again = {at: answer.again for at, answer in enumerate(answers) if isinstance(answer, _Unusable)}
        rewritten = self._written([_put(asks[at], one) for at, one in again.items()], _AGAIN)
        for at, text in zip(again, rewritten, strict=True):
            answers[at] = _read(asks[at], text)
        return [Refused(found.reason) if isinstance(found, _Unusable) else found for found in answers]

    def _written(self, asked: list[_Put], how: Generation) -> list[Generated | Refused]:
        written: list[Generated | Refused] = []
        while len(written) < len(asked):
            if self._cancelled():
                raise CancelledGenerationError
            part = asked[len(written) : len(written) + self.batch]
            restricted = replace(how, schemas=[one.schema for one in part])
            try:
                written += self._engine.answer(
                    [one.conversation for one in part], restricted, ignore_piece, self._cancelled
                )
            except CancelledWorkError:
                raise
            except OutOfMemoryError:
                if not self._size.halve():
                    raise
            except Exception as error:  # what else was understood is worth delivering
                if isinstance(error, RuntimeError) and is_device_lost(error):
                    raise
                if len(part) == 1:
                    written.append(Refused(_reason(error)))
                else:  # one piece of audio must not take the others with it
                    for alone in part:
                        written += self._written([alone], how)
        return written


def _conversation(ask: Ask[Answer]) -> Conversation:
    return [Message("user", ask.parts)]


def _put(ask: Ask[Answer], conversation: Conversation) -> _Put:
    return _Put(conversation, answer_schema(ask.shape))


def _read(ask: Ask[Answer], generated: Generated | Refused) -> Answer | Refused | _Unusable:
    if isinstance(generated, Refused):
        return generated
    if generated.finish == "length":
        # Without what was written: a model goes on with what it repeated once.
        return _Unusable(_ENDLESS, [Message("user", (*ask.parts, f"\n{_SHORTER}"))])
    try:
        return read_answer(generated.text, ask.shape)
    except UnusableAnswerError as error:
        told = f"That cannot be used. {error} Write the JSON object again, right and complete."
        written = Message("assistant", (generated.text or "(nothing)",))
        return _Unusable(_SHAPELESS, [*_conversation(ask), written, Message("user", (told,))])


def _reason(error: Exception) -> str:
    if isinstance(error, ServiceError):
        return error.message
    _log.error("the model failed", exc_info=error)
    return f"the model failed unexpectedly ({type(error).__name__}). The service's log says more."
