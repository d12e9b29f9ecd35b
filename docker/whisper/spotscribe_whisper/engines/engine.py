"""What a speech engine is to the service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from spotscribe_common.contract import Degradation
from spotscribe_common.pcm import Samples

EngineId = Literal["whisperx", "pocketsphinx"]


class CancelledTranscriptionError(Exception):
    """Nobody wants the result any more."""


@dataclass
class HeardWord:
    """A word with its times in seconds from the window's start; None where the engine could not place it."""

    text: str
    start: float | None
    end: float | None
    score: float | None = None


@dataclass
class HeardSegment:
    """A piece of speech in a window, with times in seconds from the window's start."""

    start: float
    end: float
    text: str
    words: list[HeardWord]


@dataclass
class Heard:
    """What was heard in one window."""

    segments: list[HeardSegment]
    degraded: list[Degradation] = field(default_factory=list)


@dataclass(frozen=True)
class Device:
    """What the engine runs on; the memory in bytes, for a GPU."""

    kind: Literal["cpu", "cuda"]
    name: str | None = None
    memory_total: int | None = None
    memory_used: int | None = None


class Engine(Protocol):
    """A speech engine. `load`, `detect_language` and `hear` are called from threads, one at a time."""

    name: EngineId
    model: str
    # Longest window, in seconds, that `hear` is given.
    longest_window: float

    def load(self) -> None:
        """Brings the model into memory, from local files alone.

        Raises:
            ModelMissingError: a file is missing or corrupt; the message names it.
        """

    def languages(self) -> Mapping[str, str]:
        """ISO 639-1 code to English name of every language that `hear` accepts."""

    def device(self) -> Device:
        """What the loaded engine runs on."""

    def detect_language(self, samples: Samples) -> str:
        """Code of the language spoken at the beginning of these samples."""

    def hear(self, samples: Samples, language: str, cancelled: Callable[[], bool]) -> Heard:
        """Transcribes one window of 16 kHz mono samples. The result depends on nothing but the arguments.

        Raises:
            CancelledTranscriptionError: `cancelled()` became true.
        """
