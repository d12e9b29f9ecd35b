"""Which names of models a request may use for the one that is loaded."""

from spotscribe_common.errors import ModelNotFoundError
from spotscribe_common.quoting import quoted

# OpenAI's names.
ALIASES = ("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002")


def check_model(name: str, loaded: str) -> None:
    """Refuses a name that means another model than the loaded one; a publisher's name may stand before it.

    Raises:
        ModelNotFoundError: naming the model that is loaded.
    """
    wanted = name.lower()
    if wanted in ALIASES or wanted.rpartition("/")[2] == loaded.lower():
        return
    raise ModelNotFoundError(
        f"The model {quoted(name)} is not here. This service has loaded {loaded!r}, also known as "
        f"{', '.join(ALIASES)}.",
        param="model",
    )
