"""Which names of models a request may use for the one that is loaded."""

from collections.abc import Sequence

from spotscribe_common.errors import ModelNotFoundError
from spotscribe_common.quoting import quoted


def check_name(name: str, loaded: str, aliases: Sequence[str]) -> None:
    """Refuses a name that means another model than the loaded one.

    Args:
        name: as the caller gave it; a publisher's name may stand before it.
        loaded: the loaded model.
        aliases: its other names.

    Raises:
        ModelNotFoundError: naming the model that is loaded.
    """
    wanted = name.lower()
    if wanted in aliases or wanted.rpartition("/")[2] == loaded.lower():
        return
    raise ModelNotFoundError(
        f"The model {quoted(name)} is not here. This service has loaded {loaded!r}, also known as "
        f"{', '.join(aliases)}.",
        param="model",
    )
