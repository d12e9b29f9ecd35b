"""Reports that a model of one language was not told which language is spoken."""

from typing import Literal

from spotscribe_audio.language.languages import language_name
from spotscribe_common.contract import Degradation


def undetected(stage: Literal["transcript", "analysis"], model: str, language: str) -> Degradation:
    """What a result lacks if nobody said which language is spoken, and the model cannot detect it.

    Args:
        stage: of the result.
        model: name of the model.
        language: code of the only language that it knows.
    """
    name = language_name(language)
    reason = (
        f"The language was not detected: the model {model} knows {name} only, and its words are wrong if "
        f"something else is spoken. For recordings in {name}, give language {language!r}."
    )
    return Degradation(stage=stage, reason=reason)
