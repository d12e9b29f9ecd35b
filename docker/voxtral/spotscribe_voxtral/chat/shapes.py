"""Answers in the shape of OpenAI's chat completions."""

import json
import time
import uuid
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from spotscribe_common.contract import Failed
from spotscribe_common.http.server_sent import failure_sent, sent
from spotscribe_voxtral.chat.answer import ChatBegun, ChatEvent, ChatSaid, ChatWritten

Finish = Literal["stop", "length"]


class Usage(BaseModel):
    """Tokens; 80 ms of audio are one."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class AnswerMessage(BaseModel):
    """What the model says."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    """The only one."""

    index: Literal[0] = 0
    message: AnswerMessage
    logprobs: None = None
    finish_reason: Finish


class ChatCompletion(BaseModel):
    """An answer that comes whole."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage


def completion(written: ChatWritten, model: str) -> ChatCompletion:
    """The whole answer."""
    return ChatCompletion(
        id=_new_id(),
        created=int(time.time()),
        model=model,
        choices=[Choice(message=AnswerMessage(content=written.text), finish_reason=written.finish)],
        usage=_usage(written),
    )


class Chunks:
    """Makes server-sent `chat.completion.chunk`s of a chat's events: the role, the pieces, the end.

    Args:
        model: name of the model.
        usage: whether the tokens are told in a chunk of their own, behind the end.
    """

    def __init__(self, model: str, *, usage: bool) -> None:
        self._head = {
            "id": _new_id(),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._usage = usage

    def encode(self, event: ChatEvent | Failed) -> str:
        """The event's text."""
        if isinstance(event, Failed):
            return failure_sent(event)
        return "".join(sent(data) for data in self._data(event))

    def _data(self, event: ChatEvent) -> Iterator[str]:
        match event:
            case ChatBegun():
                yield self._chunk({"role": "assistant", "content": ""})
            case ChatSaid():
                yield self._chunk({"content": event.text})
            case ChatWritten():
                yield self._chunk({}, event.finish)
                if self._usage:
                    yield json.dumps({**self._head, "choices": [], "usage": _usage(event).model_dump()})
                yield "[DONE]"

    def _chunk(self, delta: dict[str, str], finish: Finish | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": None} if self._usage else {}
        return json.dumps({**self._head, "choices": [choice], **usage})


def _usage(written: ChatWritten) -> Usage:
    return Usage(
        prompt_tokens=written.prompt_tokens,
        completion_tokens=written.tokens,
        total_tokens=written.prompt_tokens + written.tokens,
    )


def _new_id() -> str:
    return f"chatcmpl-{uuid.uuid4().hex}"
