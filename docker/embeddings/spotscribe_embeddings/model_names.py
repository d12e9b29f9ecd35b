"""Which names of models a request may use for the one that is loaded."""

from spotscribe_common.requests.model_names import check_name

# OpenAI's names.
ALIASES = ("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002")


def check_model(name: str, loaded: str) -> None:
    """Refuses a name that means another model than the loaded one; see :func:`check_name`."""
    check_name(name, loaded, ALIASES)
