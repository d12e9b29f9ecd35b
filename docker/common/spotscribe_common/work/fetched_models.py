"""The models that the machine fetches while this service starts."""

import asyncio
from pathlib import Path

from pydantic import ValidationError

from spotscribe_common.contract.machine import ModelsMark

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LOOK_SECONDS = 0.1


class FetchedModels:
    """Waits for the mark that the machine's fetch leaves when all models are there.

    Every fetch removes the mark first and makes it anew. A service may start before that, and see the mark
    of the last fetch. So it asks again, once it has loaded the models, whether they are still the same.

    Args:
        mark: the mark's file. Its name stands for the wanted models and revisions. None where the service
            waits for no models.
    """

    def __init__(self, mark: Path | None) -> None:
        self._file = mark
        self._seen: ModelsMark | None = None

    @property
    def are_awaited(self) -> bool:
        """Whether the models are still to come."""
        return self._file is not None and self._seen is None

    async def wait(self) -> None:
        """Returns when the models are there.

        It has no limit: where a fetch fails, the machine replaces its processes, or fetches again.
        """
        while self.are_awaited:
            self._seen = self._mark()
            if self._seen is None:
                await asyncio.sleep(_LOOK_SECONDS)

    @property
    def have_changed(self) -> bool:
        """Whether the models were fetched anew since they were there."""
        return self._seen is not None and self._mark() != self._seen

    def _mark(self) -> ModelsMark | None:
        if self._file is None:
            return None
        try:
            mark = ModelsMark.model_validate_json(self._file.read_bytes())
        except (OSError, ValidationError):
            return None
        return mark if mark.boot == boot_id() else None


def boot_id() -> str:
    """The kernel's; the same word on all systems without one, as the fetch writes it."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"
