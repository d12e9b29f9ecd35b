"""What the caller chose, and which choices go together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spotscribe_common.contract import Degradation, Segment, TranscriptionOptions
from spotscribe_common.errors import InvalidRequestError
from spotscribe_common.pcm import Pcm
from spotscribe_whisper.engines.engine import Ability, Engine


@dataclass(frozen=True)
class Options:
    """What the caller chose about one transcription.

    Attributes:
        asked: the choices of the contract.
        temperature: 0 to 1, see :class:`spotscribe_whisper.engines.engine.Hearing`.
        start_at: seconds at which to begin.
        earlier: what was heard before `start_at`, part of the result.
        earlier_degraded: what that lacks.
        speaker_names: names for the speakers, in the order in which they speak or in that of the recordings.
        speaker_recordings: of those named, one for each name; or none, where no voices are compared.
    """

    asked: TranscriptionOptions = field(default_factory=TranscriptionOptions)
    temperature: float = 0.0
    start_at: float = 0.0
    earlier: Sequence[Segment] = ()
    earlier_degraded: Sequence[Degradation] = ()
    speaker_names: Sequence[str] = ()
    speaker_recordings: Sequence[Pcm] = ()


def check_options(options: Options, engine: Engine) -> None:
    """Refuses what the engine cannot do, and choices that exclude each other.

    Raises:
        InvalidRequestError: naming the field.
    """
    _check_language(options.asked.language, engine.languages())
    asked = options.asked
    wanted: dict[Ability, tuple[bool, str]] = {
        "translate": (asked.task == "translate", "task"),
        "prompt": (asked.prompt is not None, "prompt"),
        "hotwords": (asked.hotwords is not None, "hotwords"),
        "temperature": (options.temperature > 0, "temperature"),
    }
    for ability, (is_wanted, param) in wanted.items():
        if is_wanted and ability not in engine.abilities:
            raise InvalidRequestError(
                f"{param}: {engine.name} has no {ability}. Leave it out, or use the engine whisperx.",
                param=param,
            )
    _check_speakers(asked)


def _check_language(language: str | None, known: Mapping[str, str]) -> None:
    if language is not None and language not in known:
        raise InvalidRequestError(
            f"language {language!r} is not known. Known: {', '.join(sorted(known))}.", param="language"
        )


def _check_speakers(asked: TranscriptionOptions) -> None:
    for name in ("num_speakers", "min_speakers", "max_speakers"):
        if getattr(asked, name) is not None and not asked.diarize:
            raise InvalidRequestError(
                f"{name} needs diarization. Set diarize to true, or leave {name} out.", param=name
            )
        if getattr(asked, name) is not None and asked.num_speakers is not None and name != "num_speakers":
            raise InvalidRequestError(
                f"{name} and num_speakers exclude each other. Give the exact number, or bounds.", param=name
            )
    least, most = asked.min_speakers, asked.max_speakers
    if least is not None and most is not None and least > most:
        raise InvalidRequestError(
            f"min_speakers is {least} and max_speakers {most}. Swap them.", param="min_speakers"
        )
