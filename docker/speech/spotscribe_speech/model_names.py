"""Which names of models a request may use for the one that is loaded."""

from spotscribe_common.requests.model_names import check_name

# OpenAI's names: https://platform.openai.com/docs/models
ALIASES = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")


def check_model(name: str, loaded: str) -> None:
    """Refuses a name that means another model than the loaded one; see :func:`check_name`."""
    check_name(name, loaded, ALIASES)
