"""What a speech engine is to the service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from spotscribe_audio.audio.pcm import Samples
from spotscribe_common.contract import Degradation, Task
from spotscribe_common.work.device import Device
from spotscribe_common.work.model_thread import InTurn


@dataclass(frozen=True)
class Hearing:
    """How a window is to be heard.

    Attributes:
        language: ISO 639-1 code of what is spoken.
        languages: if there are several, the language of each part is one of them; `language` is that of parts
            whose language is uncertain. An engine of one language ignores them.
        task: `translate` gives English text.
        prompt: text in the wanted style, as if it had been said before.
        hotwords: names and rare words to listen for.
        temperature: 0 takes the likeliest words; above it, words are drawn at random.
    """

    language: str
    task: Task = "transcribe"
    prompt: str | None = None
    hotwords: str | None = None
    temperature: float = 0.0
    languages: Sequence[str] = ()


# The fields of `Hearing` that an engine may not know.
Ability = Literal["translate", "prompt", "hotwords", "temperature"]


@dataclass
class HeardWord:
    """A word with its times in seconds from the window's start; None where the engine could not place it."""

    text: str
    start: float | None
    end: float | None
    score: float | None = None

    def later(self, seconds: float) -> "HeardWord":
        """The word so many seconds later, if it has times."""
        if self.start is None or self.end is None:
            return self
        return HeardWord(self.text, self.start + seconds, self.end + seconds, self.score)


@dataclass
class HeardSegment:
    """A piece of speech in a window, with times in seconds from the window's start.

    `language` is the ISO 639-1 code of its text, if several were possible.
    """

    start: float
    end: float
    text: str
    words: list[HeardWord]
    avg_logprob: float | None = None
    no_speech_prob: float | None = None
    language: str | None = None


# Speech without words; a text that repeats itself; improbable words.
DoubtKind = Literal["missing", "repeated", "uncertain"]


class Doubt(NamedTuple):
    """What may be wrong with the words of a part of a window, in seconds from the window's start."""

    kind: DoubtKind
    start: float
    end: float


@dataclass
class Heard:
    """What was heard in one window, and how long the stages of that took, in seconds."""

    segments: list[HeardSegment]
    degraded: list[Degradation] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sharing:
    """What recordings share.

    Attributes:
        recordings: that can be in one batch.
        seconds: longest audio that one batch consists of.
    """

    recordings: int
    seconds: float


class Engine(Protocol):
    """A speech engine.

    It is used in the thread of the models alone, unless `share` says more.
    """

    name: str
    model: str
    # Longest window, in seconds, that `hear` is given.
    longest_window: float
    # Of the loaded model: an English-only Whisper cannot translate.
    abilities: frozenset[Ability]

    def prepare(self) -> None:
        """Imports what loading needs, before the model's files are there."""

    def load(self) -> None:
        """Brings the model into memory, from local files alone.

        Raises:
            ModelMissingError: a file is missing or corrupt; the message names it.
        """

    def share(self, in_turn: InTurn) -> Sharing | None:
        """How recordings are heard at the same time; None by an engine that hears one after another.

        Called once, when the model is loaded. After that, `detect_language` and `hear` are called by several
        recordings' threads at once.

        Args:
            in_turn: does a step that uses the models, one at a time.
        """

    def languages(self) -> Mapping[str, str]:
        """ISO 639-1 code to English name of every language that `hear` accepts."""

    def device(self) -> Device:
        """What the loaded engine runs on."""

    def detect_language(
        self, samples: Samples, among: Sequence[str] | None, cancelled: Callable[[], bool]
    ) -> str:
        """Code of the language spoken at the beginning of these samples.

        Args:
            samples: 16 kHz mono audio.
            among: codes of `languages()`, of which the most probable is the answer; all of them if None.
            cancelled: asked before each step.

        Raises:
            CancelledWorkError: `cancelled()` became true.
        """

    def tokens(self, text: str) -> list[int]:
        """The model's numbers for a text; empty for an engine that has none."""

    def hear(self, samples: Samples, how: Hearing, cancelled: Callable[[], bool]) -> Heard:
        """Transcribes one window of 16 kHz mono samples. The result depends on nothing but the arguments.

        Raises:
            CancelledWorkError: `cancelled()` became true.
            OutOfMemoryError: the device's memory does not suffice, not even for smaller batches.
        """
