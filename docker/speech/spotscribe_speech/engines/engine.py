"""What the service needs of an engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spotscribe_common.work.engine import ServedEngine

# Single-precision samples from -1 to 1, one channel.
Samples = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of an engine.

    Attributes:
        id: its name in requests.
        languages: ISO 639-1 codes of what it speaks, its own first.
        description: for people, such as "American English, female".
    """

    id: str
    languages: tuple[str, ...]
    description: str


class Engine(ServedEngine, Protocol):
    """Speaks sentences. `speak` is called in the models' thread."""

    @property
    def sample_rate(self) -> int:
        """Samples per second. Known before the model is loaded."""

    @property
    def voices(self) -> Sequence[Voice]:
        """At least one, the default first. Known when the engine is loaded."""

    @property
    def license(self) -> str | None:
        """Of the voices, by its SPDX name if it has one; None where it is not known."""

    @property
    def aliases(self) -> dict[str, str]:
        """OpenAI's names of voices (`alloy`, `nova`), and the voices that stand in for them."""

    def unspeakable(self, text: str, language: str) -> str:
        """The characters that `speak` leaves out of a text, each once. Any thread may call it.

        Args:
            text: any.
            language: one of a voice's.
        """

    def speak(self, text: str, voice: Voice, language: str, speed: float) -> Samples:
        """One sentence, without silence before and after it.

        Args:
            text: in words, of any length. An engine with a limit splits it itself.
            voice: one of `voices`.
            language: one of the voice's.
            speed: 0.25 to 4; 1 is the voice's own.

        Raises:
            InvalidRequestError: the voice cannot speak the text.
        """
