"""An engine for laptops: it really listens, in English, and answers with words that it heard."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from spotscribe_audio.audio.pcm import SAMPLE_RATE, Samples, as_float
from spotscribe_audio.speech.recogniser import LONGEST_PIECE_SECONDS, MODEL, Recogniser
from spotscribe_audio.speech.windows import cut_at_silences, energies_of, windows_from
from spotscribe_common.errors import CancelledWorkError, InvalidRequestError
from spotscribe_common.work.device import Device
from spotscribe_voxtral.engines.engine import (
    CancelledGenerationError,
    Capacity,
    Generated,
    Generation,
    Message,
)
from spotscribe_voxtral.engines.laptop import extracts
from spotscribe_voxtral.engines.laptop.filling import filled, is_form
from spotscribe_voxtral.engines.laptop.telling import bare

_WINDOW_SECONDS = 60.0
# An analysis puts the same window to the engine once for each task: it is heard once.
_KEPT_WINDOWS = 8
# Longer than any quote is: who speaks without a pause is still quoted in pieces.
_LONGEST_STRETCH_WORDS = 20
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")
# What is asked for, by the first field of its JSON schema.
_EXTRACTS: dict[str, Callable[[Sequence[str]], dict[str, Any]]] = {
    "summary": extracts.summary,
    "topics": extracts.topics,
    "action_items": extracts.action_items,
    "questions": extracts.questions,
    "overall": extracts.sentiment,
    "entities": extracts.entities,
    "chapters": extracts.chapters,
    "highlights": extracts.highlights,
}


class ExtractiveEngine:
    """Whisper tiny.en, and rules that pick out of its words what a prompt of this service asks for.

    It understands nothing: a topic is a word that is said often, an answer the stretch that shares words with
    the question. A prompt whose JSON schema it does not know, or that has none, gets the words themselves.
    """

    def __init__(self) -> None:
        self.name = "extractive"
        self.model = MODEL
        self.only_language: str | None = "en"
        self._recogniser = Recogniser()
        self._heard: dict[bytes, list[str]] = {}

    def prepare(self) -> None:
        """Imports the recogniser's library."""
        self._recogniser.prepare()

    def load(self) -> None:
        """Loads the recogniser."""
        self._recogniser.load()

    def device(self) -> Device:
        """The processor."""
        return Device("cpu")

    def capacity(self, max_tokens: int, longest: float | None = None) -> Capacity:  # noqa: ARG002 - short answers
        """A minute at a time."""
        return Capacity(_WINDOW_SECONDS, 1)

    def answer(
        self,
        conversations: Sequence[Sequence[Message]],
        how: Generation,
        said: Callable[[int, str], None],
        cancelled: Callable[[], bool],
    ) -> list[Generated]:
        """The next turn of each conversation; a token is a word."""
        answers = []
        for number, conversation in enumerate(conversations):
            prompt, stretches = self._taken_in(conversation, cancelled)
            pieces = re.findall(r"\s*\S+", _written(prompt, stretches))
            for piece in pieces[: how.max_tokens]:
                said(number, piece)
            answers.append(
                Generated(
                    text="".join(pieces[: how.max_tokens]),
                    finish="stop" if len(pieces) <= how.max_tokens else "length",
                    prompt_tokens=sum(len(part.split()) for part in (*prompt, *(stretches or ()))),
                    tokens=min(len(pieces), how.max_tokens),
                )
            )
        return answers

    def transcribe(
        self, pieces: Sequence[Samples], language: str | None, cancelled: Callable[[], bool]
    ) -> list[Generated]:
        """The words that are heard; a token is a word."""
        if language not in {None, self.only_language}:
            raise InvalidRequestError(
                f"language {language!r}: the engine extractive hears English alone. Leave it out, or use the "
                "engine voxtral.",
                param="language",
            )
        texts = [" ".join(self._sentences(samples, cancelled)) for samples in pieces]
        return [Generated(text, "stop", prompt_tokens=0, tokens=len(text.split())) for text in texts]

    def _taken_in(
        self, conversation: Sequence[Message], cancelled: Callable[[], bool]
    ) -> tuple[list[str], list[str] | None]:
        """The lines that the user wrote, and the stretches that were heard; None if there is no audio."""
        parts = [part for message in conversation if message.role == "user" for part in message.parts]
        lines = [line for part in parts if isinstance(part, str) for line in part.splitlines()]
        audio = [part for part in parts if not isinstance(part, str)]
        if not audio:
            return lines, None
        return lines, [stretch for samples in audio for stretch in self._stretches(samples, cancelled)]

    def _stretches(self, samples: Samples, cancelled: Callable[[], bool]) -> list[str]:
        spoken = [[*filter(None, map(bare, said.split()))] for said in self._sentences(samples, cancelled)]
        return [
            " ".join(words[at : at + _LONGEST_STRETCH_WORDS])
            for words in spoken
            for at in range(0, len(words), _LONGEST_STRETCH_WORDS)
        ]

    def _sentences(self, samples: Samples, cancelled: Callable[[], bool]) -> list[str]:
        key = hashlib.sha256(samples.tobytes()).digest()
        if key not in self._heard:
            if len(self._heard) >= _KEPT_WINDOWS:
                del self._heard[next(iter(self._heard))]
            self._heard[key] = self._listened(samples, cancelled)
        return self._heard[key]

    def _listened(self, samples: Samples, cancelled: Callable[[], bool]) -> list[str]:
        """What is heard, piece by piece: cut as the whisper service cuts it, the words are the same."""
        cuts = cut_at_silences(energies_of(samples), LONGEST_PIECE_SECONDS)
        sentences: list[str] = []
        for window in windows_from(cuts, 0.0, len(samples) / SAMPLE_RATE):
            piece = samples[round(window.start * SAMPLE_RATE) : round(window.end * SAMPLE_RATE)]
            try:
                heard = self._recogniser.recognise(as_float(piece), cancelled)
            except CancelledWorkError as error:
                raise CancelledGenerationError from error
            sentences += filter(None, _SENTENCE_END.split(heard.text))
        return sentences


def _written(prompt: Sequence[str], stretches: list[str] | None) -> str:
    """The answer to the lines of a prompt: JSON where its schema is one that this service asks for."""
    asked = [found for line in prompt if (found := _json(line)) is not None]
    schemas = [one for one in asked if isinstance(one, dict) and isinstance(one.get("properties"), dict)]
    wanted = [*schemas[-1]["properties"]] if schemas else []
    if stretches is None:
        if "text" not in wanted:
            raise InvalidRequestError(
                "The engine extractive answers with words that it hears, and there is no audio. Send some, "
                "or use the engine voxtral."
            )
        return json.dumps(extracts.text([line for one in asked for line in _sentences(one)]))
    if schemas and is_form(schemas[-1]):
        return json.dumps(filled(schemas[-1], stretches))
    if "answers" in wanted:
        return json.dumps(
            extracts.answers(stretches, [*chain(*(one for one in asked if _is_questions(one)))])
        )
    for field in wanted:
        if field in _EXTRACTS:
            return json.dumps(_EXTRACTS[field](stretches))
    return " ".join(map(extracts.sentence, stretches))


def _json(line: str) -> Any:
    if not line.startswith(("{", "[")):
        return None
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_questions(data: Any) -> bool:
    return isinstance(data, list) and all(
        isinstance(one, dict) and isinstance(one.get("number"), int) and isinstance(one.get("question"), str)
        for one in data
    )


def _sentences(data: Any) -> list[str]:
    """Those of the texts to be joined: a list, or the answers beside their question."""
    texts = data.get("answers") if isinstance(data, dict) else data
    if not isinstance(texts, list):
        return []
    return [line for text in texts for line in _SENTENCE_END.split(str(text))]
