"""Recordings of people who agreed that their voice is cloned."""

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from pydantic import Field, ValidationError, field_validator

from spotscribe_common.contract.shape import Shape
from spotscribe_common.errors import ModelMissingError
from spotscribe_speech.engines.engine import Samples

# Of the recording, in seconds. XTTS is made for six seconds and more (its model card). It does not
# listen to more than `max_ref_len` of its configuration, half a minute.
SHORTEST, LONGEST = 6.0, 30.0
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_RATES = range(16_000, 192_001)
_MOST_CHANNELS = 2
_MOST_CONSENT_BYTES = 64 << 10
_FORM = '{"speaker": "…", "statement": "…", "date": "2026-01-31"}'


class Consent(Shape):
    """A speaker's consent, as `<id>.consent.json` has it.

    Attributes:
        speaker: who speaks in the recording.
        statement: what they agreed to, in their words.
        date: when.
    """

    speaker: str = Field(pattern=r"\S", max_length=200)
    statement: str = Field(pattern=r"\S", max_length=10_000)
    date: datetime.date

    @field_validator("date")
    @classmethod
    def _given(cls, value: datetime.date) -> datetime.date:
        if value > datetime.date.today():
            raise ValueError("is in the future")
        return value


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording, and the consent to it."""

    id: str
    speaker: str
    samples: Samples
    sample_rate: int


def read_references(folder: Path) -> list[Reference]:
    """The references in a folder, by their names.

    Each is `<id>.wav` with its `<id>.consent.json`.

    Raises:
        ModelMissingError: there is none, or one is not as it must be.
    """
    files = sorted(folder.glob("*.wav"))
    if not files:
        raise ModelMissingError(
            f"There is no reference voice in {folder}. Put <id>.wav and <id>.consent.json there, "
            "or remove the setting SPEECH_VOICES."
        )
    return [_reference(file) for file in files]


def _reference(file: Path) -> Reference:
    if not _ID.fullmatch(file.stem):
        raise ModelMissingError(
            f"The reference voice {file} must be named with at most 64 small letters, digits and hyphens."
        )
    consent = _consent(file)
    samples, sample_rate = _recording(file)
    return Reference(file.stem, consent.speaker, samples, sample_rate)


def _consent(recording: Path) -> Consent:
    file = recording.with_suffix(".consent.json")
    try:
        with file.open("rb") as opened:
            # More would not be valid any more: the JSON ends too early.
            return Consent.model_validate_json(opened.read(_MOST_CONSENT_BYTES))
    except FileNotFoundError:
        said = f"{file} is missing"
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        said = f"{file}: {'.'.join(map(str, wrong['loc'])) or 'the file'}: {wrong['msg']}"
    except OSError as error:
        said = f"{file}: {error}"
    raise ModelMissingError(
        f"The reference voice {recording.stem!r} has no valid consent. {said}. "
        f"A voice is cloned only with its speaker's consent: {_FORM}."
    )


def _recording(file: Path) -> tuple[Samples, int]:
    try:
        with soundfile.SoundFile(file) as sound:
            if sound.format not in {"WAV", "WAVEX"}:
                raise ModelMissingError(f"The reference voice {file} is not a WAV file.")
            if sound.samplerate not in _RATES or sound.channels > _MOST_CHANNELS:
                raise ModelMissingError(
                    f"The reference voice {file} has {sound.channels} channels of {sound.samplerate} Hz. "
                    f"It must have at most {_MOST_CHANNELS}, of {_RATES[0]} to {_RATES[-1]} Hz."
                )
            # The header may promise more than there is, and more than memory holds.
            read = sound.read(int(LONGEST * sound.samplerate) + 1, dtype="float32", always_2d=True)
            sample_rate = sound.samplerate
    except (OSError, RuntimeError) as error:
        raise ModelMissingError(f"The reference voice {file} cannot be read: {error}.") from error
    samples: Samples = read.mean(axis=1, dtype=np.float32)
    seconds = len(samples) / sample_rate
    if not SHORTEST <= seconds <= LONGEST:
        raise ModelMissingError(
            f"The reference voice {file} must have {SHORTEST:g} to {LONGEST:g} s. "
            f"It has {'more' if seconds > LONGEST else f'{seconds:.2f} s'}."
        )
    if not np.isfinite(samples).all() or not samples.any():
        raise ModelMissingError(f"The reference voice {file} is silent, or has samples that are no numbers.")
    return samples, sample_rate
