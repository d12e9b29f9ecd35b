"""What a service needs to know of its engine."""

from typing import Protocol

from spotscribe_common.work.device import Device


class ServedEngine(Protocol):
    """What a service needs to know of its engine, whatever that does."""

    @property
    def name(self) -> str:
        """Which engine it is."""

    @property
    def model(self) -> str:
        """Which model it has."""

    def prepare(self) -> None:
        """Imports what loading needs; called in the models' thread, before the model's files are there."""

    def load(self) -> None:
        """Brings the model into memory; called in the models' thread."""

    def device(self) -> Device:
        """What the loaded engine runs on."""
