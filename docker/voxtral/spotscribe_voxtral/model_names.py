"""Which names of models a request may use for the one that is loaded."""

from spotscribe_common.requests.model_names import check_name

# What Mistral's API calls the model, and what OpenAI calls one that listens.
ALIASES = ("voxtral", "voxtral-mini-latest", "voxtral-mini-2507", "gpt-4o-audio-preview", "gpt-audio")


def check_model(name: str, loaded: str) -> None:
    """Refuses a name that means another model than the loaded one; see :func:`check_name`."""
    check_name(name, loaded, ALIASES)
