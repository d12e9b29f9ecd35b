"""The languages that a caller asks for, by their codes."""

from collections.abc import Callable, Sequence

from spotscribe_audio.language.languages import chosen_language
from spotscribe_common.contract import TranscriptionOptions
from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import quoted


def with_codes(
    asked: TranscriptionOptions, is_known: Callable[[str], bool], hint: str
) -> TranscriptionOptions:
    """The choices with codes for languages. One alone in `languages` counts as `language`, `auto` as any.

    Args:
        asked: what the caller sent.
        is_known: whether the model takes a code.
        hint: what the error says about the languages that it takes.

    Raises:
        InvalidRequestError: a language is not known, or both fields are given.
    """

    def check(param: str, codes: Sequence[str]) -> None:
        for code in codes:
            if not is_known(code):
                raise InvalidRequestError(f"{param}: {quoted(code)} is not known here. {hint}", param=param)

    language = chosen_language(asked.language)
    check("language", [] if language is None else [language])
    if asked.languages is None:
        return asked.model_copy(update={"language": language})
    if language is not None:
        raise InvalidRequestError(
            "language and languages exclude each other. Give one language, or those to choose from.",
            param="languages",
        )
    chosen = [chosen_language(text) for text in asked.languages]
    codes = [code for code in dict.fromkeys(chosen) if code is not None]
    check("languages", codes)
    if None in chosen:
        return asked.model_copy(update={"language": None, "languages": None})
    if len(codes) == 1:
        return asked.model_copy(update={"language": codes[0], "languages": None})
    return asked.model_copy(update={"language": None, "languages": codes})
