"""Which voice, and which of its languages, a request means."""

from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.quoting import quoted
from spotscribe_speech.engines.engine import Engine, Voice


def resolved(engine: Engine, name: str | None, language: str | None) -> tuple[Voice, str]:
    """The voice, and the ISO 639-1 code of the language that it speaks.

    OpenAI's names say nothing of a language. If one of them, or no name, comes with a language that the voice
    does not speak, the first voice that speaks it is taken.

    Args:
        engine: loaded.
        name: a voice's, or one of OpenAI's. None for the first voice.
        language: a code, with or without a region (`en-US`). None for the voice's own.

    Raises:
        InvalidRequestError: naming the voices or the languages that there are.
    """
    own = {voice.id.lower(): voice for voice in engine.voices}
    wanted = None if name is None else name.lower()
    if wanted in own:
        candidates = [own[wanted]]
    elif wanted is None:
        candidates = list(engine.voices)
    elif wanted in engine.aliases:
        candidates = [own[engine.aliases[wanted].lower()], *engine.voices]
    else:
        known = ", ".join([*(voice.id for voice in engine.voices), *sorted(engine.aliases)])
        raise InvalidRequestError(f"There is no voice {quoted(wanted)}. Known: {known}.", param="voice")
    if language is None:
        return candidates[0], candidates[0].languages[0]
    code = language.replace("_", "-").partition("-")[0].lower()
    found = next((voice for voice in candidates if code in voice.languages), None)
    if found is None:
        spoken = sorted({each for voice in candidates for each in voice.languages})
        who = f"The voice {candidates[0].id!r}" if len(candidates) == 1 else f"The engine {engine.name}"
        raise InvalidRequestError(
            f"{who} does not speak the language {quoted(language)}. It speaks {', '.join(spoken)}.",
            param="language",
        )
    return found, code
