"""What the caller chose, and which choices go together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from spotscribe_audio.audio.pcm import Pcm
from spotscribe_audio.language.language_choice import with_codes
from spotscribe_common.contract import Degradation, Segment, TranscriptionOptions
from spotscribe_common.errors import InvalidRequestError
from spotscribe_whisper.engines.engine import Ability, Engine

_CURES: dict[Ability, str] = {
    "translate": "Use a multilingual Whisper model, or transcribe.",
    "prompt": "Leave it out, or use the engine whisperx.",
    "hotwords": "Leave it out, or use the engine whisperx.",
    "temperature": "Leave it out, or use the engine whisperx.",
}


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
        lost_speakers: the names that are missing because their recordings cannot be used.
        hotwords_field: the field of the request that the hotwords came in.
    """

    asked: TranscriptionOptions = field(default_factory=TranscriptionOptions)
    temperature: float = 0.0
    start_at: float = 0.0
    earlier: Sequence[Segment] = ()
    earlier_degraded: Sequence[Degradation] = ()
    speaker_names: Sequence[str] = ()
    speaker_recordings: Sequence[Pcm] = ()
    lost_speakers: Sequence[Degradation] = ()
    hotwords_field: str = "hotwords"


def checked(options: Options, engine: Engine) -> Options:
    """The options with languages by their codes. Refuses what the engine cannot do, and contradictions.

    Raises:
        InvalidRequestError: naming the field.
    """
    known = engine.languages()
    asked = with_codes(options.asked, known.__contains__, f"Known: {', '.join(sorted(known))}.")
    wanted: dict[Ability, tuple[bool, str]] = {
        "translate": (asked.task == "translate", "task"),
        "prompt": (asked.prompt is not None, "prompt"),
        "hotwords": (asked.hotwords is not None, options.hotwords_field),
        "temperature": (options.temperature > 0, "temperature"),
    }
    for ability, (is_wanted, param) in wanted.items():
        if is_wanted and ability not in engine.abilities:
            raise InvalidRequestError(
                f"{param} is not supported by the engine {engine.name} with the model {engine.model}. "
                f"{_CURES[ability]}",
                param=param,
            )
    _check_speakers(asked)
    _check_names(options.speaker_names, asked)
    return replace(options, asked=asked)


def _check_speakers(asked: TranscriptionOptions) -> None:
    if asked.channels == "separate":
        _check_channels(asked)
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


def _check_channels(asked: TranscriptionOptions) -> None:
    """With separate channels nobody tells voices apart."""
    for name in ("diarize", "num_speakers", "min_speakers", "max_speakers"):
        if getattr(asked, name):
            raise InvalidRequestError(
                f"{name} and channels separate exclude each other: each channel is one speaker. "
                f"Leave {name} out, or set channels to mixed.",
                param=name,
            )


def _check_names(names: Sequence[str], asked: TranscriptionOptions) -> None:
    if len(set(names)) < len(names):
        raise InvalidRequestError(
            "known_speaker_names has a name twice: two speakers would look like one.",
            param="known_speaker_names",
        )
    if names and not asked.diarize and asked.channels != "separate":
        raise InvalidRequestError(
            "known_speaker_names needs diarization. Set diarize to true, or response_format to "
            "diarized_json.",
            param="known_speaker_names",
        )


def lost_speaker(name: str, reason: str) -> Degradation:
    """What a result lacks if the voice of a named speaker is not known.

    Args:
        name: the speaker's.
        reason: a sentence.
    """
    return Degradation(stage="known_speakers", reason=f"{name!r} is not known by voice: {reason}")
