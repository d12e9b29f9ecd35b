"""An engine for a job in a thread of its own: each call is a step in the models' thread."""

from collections.abc import Callable, Sequence

from spotscribe_audio.audio.pcm import Samples
from spotscribe_common.work.device import Device
from spotscribe_common.work.model_thread import InTurn
from spotscribe_voxtral.engines.engine import Capacity, Engine, Generated, Generation, Message


class EngineInTurn:
    """Asks the engine when it is this job's turn.

    The memory that is free is also asked for in turn: during another job's step it would seem too small.

    Args:
        engine: the loaded engine.
        in_turn: does a step in the models' thread.
        cancelled: asked while the job waits for its turn.
    """

    def __init__(self, engine: Engine, in_turn: InTurn, cancelled: Callable[[], bool]) -> None:
        self.name = engine.name
        self.model = engine.model
        self.only_language = engine.only_language
        self._engine = engine
        self._in_turn = in_turn
        self._cancelled = cancelled

    def prepare(self) -> None:
        """Imports what loading needs."""
        self._in_turn(self._engine.prepare, self._cancelled)

    def load(self) -> None:
        """Brings the model into memory."""
        self._in_turn(self._engine.load, self._cancelled)

    def device(self) -> Device:
        """What the engine runs on."""
        return self._engine.device()

    def capacity(self, max_tokens: int, longest: float | None = None) -> Capacity:
        """What fits when it is this job's turn."""
        return self._in_turn(lambda: self._engine.capacity(max_tokens, longest), self._cancelled)

    def answer(
        self,
        conversations: Sequence[Sequence[Message]],
        how: Generation,
        said: Callable[[int, str], None],
        cancelled: Callable[[], bool],
    ) -> list[Generated]:
        """One batch, as a step."""
        return self._in_turn(lambda: self._engine.answer(conversations, how, said, cancelled), cancelled)

    def transcribe(
        self, pieces: Sequence[Samples], language: str | None, cancelled: Callable[[], bool]
    ) -> list[Generated]:
        """One batch, as a step."""
        return self._in_turn(lambda: self._engine.transcribe(pieces, language, cancelled), cancelled)
