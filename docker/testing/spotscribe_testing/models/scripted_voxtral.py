"""A model that listens and writes under the test's control."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples
from spotscribe_common.errors import OutOfMemoryError
from spotscribe_common.work.device import Device
from spotscribe_voxtral.engines.engine import (
    CancelledGenerationError,
    Capacity,
    Generated,
    Generation,
    Message,
)


@dataclass(frozen=True)
class Endless:
    """An answer that is cut at its greatest length."""

    text: str = '{"summary": "and so on and so on and so on'


Reply = str | Endless | Exception
Script = Callable[[Sequence[Message]], Reply]

# An answer of each shape, by the name of its first field.
KNOWN: dict[str, dict[str, Any]] = {
    "summary": {"summary": "Somebody says good morning."},
    "topics": {"topics": [{"quote": "good morning", "title": "Greeting"}]},
    "action_items": {
        "action_items": [{"quote": "call me", "task": "Call back", "owner": "Ines", "due": "tomorrow"}]
    },
    "questions": {"questions": [{"quote": "how are you", "question": "How are you?", "answer": None}]},
    "overall": {"quote": "good morning", "reason": "They are kind.", "overall": "positive"},
    "entities": {"entities": [{"quote": "Ines", "name": "Ines", "type": "person"}]},
    "chapters": {"chapters": [{"quote": "good morning", "title": "Greeting"}]},
    "highlights": {
        "highlights": [
            {"quote": "good morning", "ending": "call me", "title": "A greeting", "reason": "It is kind."}
        ]
    },
    "answers": {"answers": [{"number": 1, "quote": "good morning", "answer": "A greeting."}]},
    "text": {"text": "All of it joined."},
}


def texts(conversation: Sequence[Message]) -> str:
    """All words of a conversation, its turns and parts line by line."""
    return "\n".join(part for message in conversation for part in message.parts if isinstance(part, str))


def seconds(conversation: Sequence[Message]) -> float:
    """Length of all audio in a conversation."""
    parts = [part for message in conversation for part in message.parts if not isinstance(part, str)]
    return sum(len(part) for part in parts) / SAMPLE_RATE


def wanted(conversation: Sequence[Message]) -> str:
    """Which of :data:`KNOWN` a conversation asks for: by the schema, the first turn's last line of JSON."""
    schema = [line for line in texts(conversation[:1]).splitlines() if line.startswith('{"')][-1]
    return next(name for name in KNOWN if name in json.loads(schema)["properties"])


def known(conversation: Sequence[Message]) -> str:
    """The script of a model that always answers well."""
    return json.dumps(KNOWN[wanted(conversation)])


def in_turn(replies: Iterable[Reply]) -> Script:
    """The script of a model that gives these answers, one after another."""
    rest = iter(replies)
    return lambda _conversation: next(rest)


def _length_heard(seconds: float, language: str | None) -> str:
    return f"{seconds:g} seconds in {language or 'what is heard'}"


class ScriptedVoxtral:
    """Answers as its script says. `go` lets it work; clear it to hold it inside a batch.

    Attributes:
        script: told a conversation, gives the answer.
        room: what fits.
        batches_that_fit: a larger batch runs out of memory, whatever `room` says.
        batches: the conversations of each call.
        asked: how each call was to be answered.
        cancelled: how many calls were given up.
        at_work: how many calls wait for `go`.
        transcribed: seconds and language of each piece.
        transcribed_at_once: how many pieces each call had.
        hears: told the seconds and the language of a piece, gives its words.
    """

    def __init__(self, script: Script = known, room: Capacity | None = None) -> None:
        self.name = "voxtral"
        self.model = "scripted"
        self.script = script
        self.only_language: str | None = None
        self.room = room or Capacity(window_seconds=10.0, batch=4)
        self.batches_that_fit = 1000
        self.go = threading.Event()
        self.go.set()
        self.may_load = threading.Event()
        self.may_load.set()
        self.load_failure: Exception | None = None
        self.transcribe_failure: Exception | None = None
        self.transcribed: list[tuple[float, str | None]] = []
        self.transcribed_at_once: list[int] = []
        self.hears: Callable[[float, str | None], str | Endless] = _length_heard
        self.at_work = 0
        self.capacity_asked: list[int] = []
        self.batches: list[list[Sequence[Message]]] = []
        self.asked: list[Generation] = []
        self.cancelled = 0

    def prepare(self) -> None:
        pass

    def load(self) -> None:
        self.may_load.wait(30)
        if self.load_failure is not None:
            raise self.load_failure

    def device(self) -> Device:
        return Device("cpu")

    def capacity(self, max_tokens: int, longest: float | None = None) -> Capacity:
        self.capacity_asked.append(max_tokens)
        return self.room

    def answer(
        self,
        conversations: Sequence[Sequence[Message]],
        how: Generation,
        said: Callable[[int, str], None],
        cancelled: Callable[[], bool],
    ) -> list[Generated]:
        self.batches.append(list(conversations))
        self.asked.append(how)
        self._wait(cancelled)
        if len(conversations) > self.batches_that_fit:
            raise OutOfMemoryError("The GPU ran out of memory.")
        answers = []
        for at, conversation in enumerate(conversations):
            if cancelled():
                self.cancelled += 1
                raise CancelledGenerationError
            reply = self.script(conversation)
            if isinstance(reply, Exception):
                raise reply
            text = reply.text if isinstance(reply, Endless) else reply
            for piece in re.findall(r"\s*\S+|\s+$", text):
                said(at, piece)
            answers.append(
                Generated(
                    text,
                    "length" if isinstance(reply, Endless) else "stop",
                    prompt_tokens=len(texts(conversation).split()) + round(seconds(conversation) * 12.5),
                    tokens=len(text.split()),
                )
            )
        return answers

    def transcribe(
        self, pieces: Sequence[Samples], language: str | None, cancelled: Callable[[], bool]
    ) -> list[Generated]:
        heard = [len(samples) / SAMPLE_RATE for samples in pieces]
        self.transcribed += [(length, language) for length in heard]
        self.transcribed_at_once.append(len(pieces))
        self._wait(cancelled)
        if self.transcribe_failure is not None:
            raise self.transcribe_failure
        if len(pieces) > self.batches_that_fit:
            raise OutOfMemoryError("The GPU ran out of memory.")
        replies = [self.hears(length, language) for length in heard]
        return [
            Generated(
                reply.text if isinstance(reply, Endless) else reply,
                "length" if isinstance(reply, Endless) else "stop",
                prompt_tokens=round(length * 12.5),
                tokens=1,
            )
            for length, reply in zip(heard, replies, strict=True)
        ]

    def _wait(self, cancelled: Callable[[], bool]) -> None:
        until = time.monotonic() + 600
        self.at_work += 1
        try:
            while not self.go.wait(0.01):
                if cancelled():
                    self.cancelled += 1
                    raise CancelledGenerationError
                assert time.monotonic() < until, "nobody let the model go on"
        finally:
            self.at_work -= 1
